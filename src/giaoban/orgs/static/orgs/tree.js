// The tree of units: the slider over the days of change, and arrow keys. Without this the date field and links do.

const DAY = new Intl.DateTimeFormat("vi-VN", { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" });
const PAUSE = 350;

const words = (option) => {
  const on = DAY.format(new Date(option.dataset.day));
  return option.dataset.words ? `từ ${on} · ${option.dataset.words}` : `từ ${on}`;
};

function dayBefore(text) {
  const day = new Date(text);
  day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}

function startSlider(form) {
  const slider = form.querySelector("input[type=range]");
  if (!slider) return;
  const stops = [...form.querySelectorAll("datalist option")];
  const field = form.querySelector("input[type=date]");
  const said = form.querySelector("output");
  const dayOf = (index) => (index < 0 ? dayBefore(stops[0].dataset.day) : stops[index].dataset.day);
  const say = () => {
    const index = Number(slider.value);
    const text = index < 0 ? `trước ${DAY.format(new Date(stops[0].dataset.day))}` : words(stops[index]);
    said.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  let waiting = 0;
  slider.addEventListener("input", () => {
    say();
    field.value = dayOf(Number(slider.value));
  });
  slider.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      sessionStorage.setItem("gb-slider", "1");
      form.requestSubmit();
    }, PAUSE);
  });
  say();
  if (sessionStorage.getItem("gb-slider")) {
    sessionStorage.removeItem("gb-slider");
    slider.focus({ preventScroll: true });
  }
}
document.querySelectorAll("[data-gb-when]").forEach(startSlider);

// Right opens, left closes (or goes to the branch above), up and down go from one branch to the next.
function show(twig) {
  twig.setAttribute("role", "button");
  twig.setAttribute("aria-expanded", twig.dataset.open);
}
const showAll = (root) => root.querySelectorAll("[data-gb-tree] .gb-twig").forEach(show);
showAll(document);
document.addEventListener("htmx:afterSettle", () => showAll(document));

document.addEventListener("keydown", (event) => {
  const twig = event.target.closest?.(".gb-twig");
  if (!twig || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const twigs = [...twig.closest("[data-gb-tree]").querySelectorAll(".gb-twig")];
  const at = twigs.indexOf(twig);
  const open = twig.dataset.open === "true";
  const above = twig.closest("ul").closest("li")?.querySelector(".gb-twig");
  if (event.key === "ArrowDown") twigs[at + 1]?.focus();
  else if (event.key === "ArrowUp") twigs[at - 1]?.focus();
  else if (event.key === "ArrowRight" && !open) twig.click();
  else if (event.key === "ArrowLeft" && open) twig.click();
  else if (event.key === "ArrowLeft" && above) above.focus();
  else if (event.key === " ") twig.click();
  else return;
  event.preventDefault();
});
