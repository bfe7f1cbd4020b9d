// Two people changed the same cell: both values at the cell, and a line in the list; the person chooses.

import { make } from "./elements.js";

const shown = (text) => (text === "" ? "để trống" : `“${text}”`);

function whose(theirs) {
  if (theirs.mine) return `bạn, ở cửa sổ khác, ${theirs.at}`;
  return theirs.by ? `${theirs.by}, ${theirs.at}` : "đang lưu";
}

export class Conflicts {
  constructor(autosave, choose) {
    this.autosave = autosave;
    this.choose = choose;
    this.list = make("ul", { className: "gb-issues gb-conflicts", "aria-label": "Ô hai người cùng sửa", hidden: true });
  }

  // cellOf: name → {place, path, text, id}: a cell, or a field beside the table.
  draw(fieldOf) {
    document.querySelectorAll(".gb-conflict").forEach((box) => box.remove());
    document.querySelectorAll(".is-conflict").forEach((place) => place.classList.remove("is-conflict"));
    const lines = [];
    for (const [name, theirs] of this.autosave.conflicts) {
      const field = fieldOf(name);
      if (!field) continue;
      field.place.classList.add("is-conflict");
      field.place.append(this.#box(name, field, theirs));
      const words = `${field.path}: bạn ${shown(field.text)}; ${whose(theirs)} ${shown(theirs.text)}`;
      const sign = make("span", { className: "gb-sign gb-sign-warn", "aria-hidden": "true" });
      const title = make("b", {}, theirs.mine ? "Sửa ở hai cửa sổ" : "Hai người cùng sửa");
      const link = make("a", { href: `#${field.id}` }, sign, make("span", {}, title, words));
      link.dataset.cell = name;
      lines.push(make("li", {}, link));
    }
    this.list.replaceChildren(...lines);
    this.list.hidden = lines.length === 0;
  }

  #box(name, field, theirs) {
    const button = (words, mine) => {
      const one = make("button", { type: "button", className: "btn btn-sm" }, words);
      one.addEventListener("click", () => this.choose(name, mine));
      return one;
    };
    const quiet = (words) => make("span", { className: "quiet" }, words);
    const row = (words, text) => make("span", { className: "row" }, quiet(words), make("b", {}, text || "trống"));
    const box = make(
      "div",
      { className: "gb-conflict", role: "group", "aria-label": `${field.path}: hai người cùng sửa` },
      row("Bạn", field.text),
      row(whose(theirs), theirs.text),
      make("span", { className: "choices" }, button("Giữ số của tôi", true), button("Lấy số đã lưu", false)),
    );
    box.addEventListener("mousedown", (event) => event.stopPropagation());
    return box;
  }
}
