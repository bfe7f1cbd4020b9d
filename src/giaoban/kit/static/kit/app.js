// The frame of every page. Everything here is a convenience: without it the pages still work.

const THEME_COOKIE = "gb_theme";
const YEAR = 60 * 60 * 24 * 365;

function isTyping(element) {
  return element.closest("input, select, textarea, [contenteditable]") !== null;
}

// "/" goes to the search field.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const search = [...document.querySelectorAll("[data-gb-search]")].find((field) => field.offsetParent);
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// Menus close on Escape, on a click elsewhere, and when the focus leaves.
const openMenus = () => document.querySelectorAll("details.gb-menu[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

for (const type of ["click", "focusin"]) {
  document.addEventListener(type, ({ target }) => {
    for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
  });
}

// Colours of the screen: a cookie, so that the next page is drawn right at once.
function currentTheme() {
  return document.documentElement.dataset.bsTheme ?? "";
}

function showTheme() {
  for (const button of document.querySelectorAll("[data-gb-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.gbTheme === currentTheme()));
  }
}

document.addEventListener("click", ({ target }) => {
  const choice = target.closest("[data-gb-theme]");
  if (choice) {
    const theme = choice.dataset.gbTheme;
    if (theme) document.documentElement.dataset.bsTheme = theme;
    else delete document.documentElement.dataset.bsTheme;
    document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${theme ? YEAR : 0}; samesite=lax`;
    showTheme();
  }
  if (target.closest("[data-gb-print]")) window.print();
});
showTheme();

// In a row of tabs wider than the screen, the one where I am is in view.
for (const current of document.querySelectorAll(".gb-forms > [aria-current]")) {
  const row = current.parentElement;
  const beyond = current.getBoundingClientRect().right - row.getBoundingClientRect().right;
  if (beyond > 0) row.scrollLeft += beyond;
}

// Rows of a list: how many are chosen, and the bar of what can be done with them.
function countChosen(list) {
  const boxes = [...list.querySelectorAll("input[type=checkbox][data-gb-row]")];
  const chosen = boxes.filter((box) => box.checked).length;
  for (const box of boxes) box.closest("tr, li")?.classList.toggle("gb-picked", box.checked);
  for (const place of list.querySelectorAll("[data-gb-count]")) place.textContent = String(chosen);
  for (const bar of list.querySelectorAll("[data-gb-chosen-bar]")) bar.hidden = chosen === 0;
  for (const all of list.querySelectorAll("[data-gb-all]")) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

const lists = () => document.querySelectorAll("[data-gb-select]");

document.addEventListener("change", ({ target }) => {
  const list = target.closest("[data-gb-select]");
  if (!list) return;
  if (target.matches("[data-gb-all]")) {
    for (const box of list.querySelectorAll("input[data-gb-row]")) box.checked = target.checked;
  }
  countChosen(list);
});
document.addEventListener("click", ({ target }) => {
  const list = target.closest("[data-gb-none]")?.closest("[data-gb-select]");
  if (!list) return;
  for (const box of list.querySelectorAll("input[data-gb-row]")) box.checked = false;
  countChosen(list);
});
lists().forEach(countChosen);
document.addEventListener("htmx:afterSwap", () => lists().forEach(countChosen));

// An error of the server or the network is said in words; what was typed stays.
function say(heading, text) {
  const place = document.getElementById("gb-messages");
  if (!place) return;
  const box = document.createElement("div");
  box.className = "alert alert-danger";
  const title = document.createElement("h2");
  title.textContent = heading;
  const words = document.createElement("p");
  words.className = "small";
  words.textContent = text;
  box.append(title, words);
  place.replaceChildren(box);
}

document.addEventListener("htmx:responseError", ({ detail }) => {
  const { status } = detail.xhr;
  if (status === 403) say("Bạn không làm được việc này", "Phiên làm việc có thể đã hết, hoặc việc này cần quyền khác. Hãy tải lại trang.");
  else if (status === 404) say("Không còn thấy thứ này", "Có thể đã có người khác xóa hoặc chuyển đi. Hãy tải lại trang.");
  else say("Máy chủ gặp lỗi, việc vừa rồi chưa được ghi", "Những gì đã gõ vẫn còn trên trang. Hãy thử lại sau ít phút.");
});
document.addEventListener("htmx:sendError", () => {
  say("Mất kết nối với máy chủ", "Những gì đã gõ vẫn còn trên trang. Khi có mạng, hãy bấm lại.");
});
