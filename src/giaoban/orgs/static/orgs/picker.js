// Choosing units and areas: what is ticked among the results moves up to what is chosen. Without this, "Tìm" does it.

document.addEventListener("change", ({ target }) => {
  const picker = target.closest?.("[data-gb-picker]");
  if (!picker || target.type !== "checkbox") return;
  const chosen = picker.querySelector("[data-gb-chosen]");
  const item = target.closest("li");
  if (!target.checked) {
    if (chosen.contains(item)) {
      item.remove();
      picker.querySelector("input[type=search]").focus();
    }
    return;
  }
  if (picker.dataset.many !== "true") chosen.replaceChildren();
  const held = [...chosen.querySelectorAll("input")].some((box) => box.value === target.value);
  if (held) item.remove();
  else chosen.append(item);
  const search = picker.querySelector("input[type=search]");
  search.value = "";
  picker.querySelector("[data-gb-found]").replaceChildren();
  search.focus();
});

// Enter in a search field searches; it does not send the form.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-gb-picker] input[type=search]")) return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});
