// What is done to many cells at once: copy, cut, paste, fill, clear, mark. Each is one step that can be taken back.

import { blockOf, filled, placed, textOf } from "./clipboard.js";
import { marked, MARKS } from "./marks.js";

export class Blocks {
  constructor(grid) {
    this.grid = grid;
    grid.root.addEventListener("copy", (event) => this.#copy(event));
    grid.root.addEventListener("cut", (event) => this.#copy(event) && this.clear());
    grid.root.addEventListener("paste", (event) => this.#paste(event));
  }

  get selection() {
    return this.grid.selection;
  }

  get #typed() {
    return this.selection.rows.flat().filter((cell) => cell.isTyped);
  }

  clear() {
    const step = this.#typed.map((cell) => ({ cell, from: cell.text, to: "" }));
    return this.#do(step, (count) => `Đã xóa ${count} ô`);
  }

  fill(down) {
    return this.#do(filled(this.selection, down), (count) => `Đã điền ${count} ô`);
  }

  mark(mark) {
    this.grid.editing.commit();
    return this.#do(marked(this.#typed, mark), (count) => `${mark.words}: ${count} ô`);
  }

  markByKey(key) {
    return this.mark(MARKS.find((mark) => mark.key === key));
  }

  #do(step, words) {
    const count = this.grid.apply(step);
    this.grid.stand();
    if (count) this.grid.tell(`${words(count)}.`);
    return true;
  }

  #copy(event) {
    const isStanding = this.selection.active && this.grid.editing.mode === "standing";
    if (!isStanding || event.target !== this.selection.active.focusable) return false;
    event.preventDefault();
    event.clipboardData.setData("text/plain", textOf(this.selection.rows));
    this.grid.tell(`Đã chép ${this.selection.rows.flat().length} ô.`);
    return true;
  }

  #paste(event) {
    const cell = this.selection.active;
    const block = blockOf(event.clipboardData.getData("text/plain"));
    const isSingle = block.length === 1 && block[0].length === 1;
    if (!cell || event.target !== cell.focusable || (isSingle && this.grid.editing.mode !== "standing")) return;
    event.preventDefault();
    this.grid.editing.commit();
    const { changes, outside, skipped } = placed(block, this.selection);
    this.grid.apply(changes);
    const { r, c } = cell.table.last;
    const end = [Math.min(r, cell.r + block.length - 1), Math.min(c, cell.c + block[0].length - 1)];
    if (!isSingle) this.selection.extendTo(cell.table.at(...end));
    this.grid.stand();
    this.#report(changes, outside, skipped);
  }

  #report(changes, outside, skipped) {
    const wrong = changes.filter((change) => change.cell.fault).length;
    const notes = [
      `Đã dán ${changes.length} ô`,
      outside ? `${outside} ô nằm ngoài bảng không dán được` : "",
      skipped ? `${skipped} ô do máy tính được bỏ qua` : "",
      wrong ? `${wrong} ô không phải số hợp lệ đã được đánh dấu` : "",
    ];
    const words = `${notes.filter(Boolean).join("; ")}.`;
    this.grid.tell(words);
    this.grid.bar.tell({ tone: outside || wrong ? "warn" : "", words: [words] });
  }
}
