// The bar over the grid: where one is, what stood there before, what is wrong, who saved, and the marks. Its height stays.

import { amountIn, changeOn } from "./computed.js";
import { make } from "./elements.js";
import { isEstimate, MARKS, partner } from "./marks.js";

export class Bar {
  constructor(actions) {
    this.path = make("b", { className: "path" }, "Chọn một ô để nhập");
    this.status = make("span", { className: "gb-savestate", role: "status" });
    this.people = make("span", { className: "people quiet" });
    this.facts = make("p", { className: "facts", id: "luoi-o" });
    this.said = make("p", { className: "said", id: "luoi-noi" });
    this.news = make("p", { className: "news", hidden: true });
    this.marks = MARKS.map((mark) => this.#button(mark.sign, mark.words, mark.shortKey, () => actions.mark(mark)));
    this.back = this.#button("↶", "Hoàn tác", "Ctrl Z", actions.back);
    this.again = this.#button("↷", "Làm lại", "Ctrl Y", actions.again);
    this.past = make("button", { type: "button", className: "btn btn-sm past-switch", hidden: true }, "Hiện kỳ trước");
    this.past.setAttribute("aria-pressed", "false");
    this.past.addEventListener("click", actions.past);
    const named = { className: "tools", role: "toolbar", "aria-label": "Đánh dấu ô đang chọn" };
    const tools = make("span", named, ...this.marks, this.back, this.again, this.past);
    this.element = make(
      "div",
      { className: "gb-cellbar" },
      make("div", { className: "line" }, this.path, this.people, this.status),
      make("div", { className: "line" }, make("div", { className: "about" }, this.facts, this.said), tools),
      this.news,
    );
  }

  #button(sign, words, key, act) {
    const named = { type: "button", tabIndex: -1, title: `${words} (${key})`, "aria-label": words };
    const button = make("button", named, make("span", { "aria-hidden": "true" }, sign));
    // For mouse and finger; keys and the cell's menu do the same. The cell keeps the focus, so a phone keeps its keyboard.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", act);
    return button;
  }

  show(cell, { earlier, saved, said, range }) {
    this.path.textContent = range ?? cell.path;
    const facts = [];
    for (const period of earlier) {
      const text = period.texts[cell.name];
      if (!text) continue;
      const isWhole = !isEstimate(cell) && !cell.line.parts.estimate;
      const change = period.compare && isWhole ? changeOn(amountIn(cell.line, cell.c), text) : "";
      facts.push(make("span", {}, `${period.name}: `, make("b", {}, text), change ? ` (${change} %)` : ""));
    }
    if (saved) facts.push(make("span", { className: "quiet" }, `${saved.by || "bạn"} lưu ${saved.at}`));
    if (cell.column?.note) facts.push(make("span", { className: "quiet" }, cell.column.note));
    this.facts.replaceChildren(...facts);
    this.tell(said);
    this.marks.forEach((button, index) => {
      button.hidden = MARKS[index].id === "estimate" && !partner(cell);
      button.disabled = !cell.isTyped || (cell.kind !== "number" && MARKS[index].id !== "blank");
    });
  }

  // What happened to the whole page; it stays until something else does, or the person has read it. reload: a way to see it.
  announce(words, { reload = false } = {}) {
    const close = make("button", { type: "button", className: "btn btn-sm" }, "Đã rõ");
    close.addEventListener("mousedown", (event) => event.preventDefault());
    close.addEventListener("click", () => (this.news.hidden = true));
    const link = reload ? [make("a", { href: location.pathname + location.search }, "Tải lại trang"), " "] : [];
    this.news.replaceChildren(words, " ", ...link, close);
    this.news.hidden = false;
  }

  // said: {tone, words, explain} of the active cell; explain leads to the field for the unit's words.
  tell(said) {
    this.said.className = `said ${said?.tone ?? ""}`;
    this.said.replaceChildren(...(said?.words ?? []).map((words) => make("span", {}, words)));
    if (said?.explain) {
      const link = make("a", { href: "#giai-trinh" }, "Ghi giải trình");
      link.dataset.explain = said.explain;
      this.said.append(link);
    }
  }
}
