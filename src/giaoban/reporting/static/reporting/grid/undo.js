// What was changed, so that it can be taken back: each step is a list of {cell, from, to}.

const LONGEST = 200;

export class Undo {
  #done = [];
  #undone = [];

  push(step) {
    this.#done.push(step);
    if (this.#done.length > LONGEST) this.#done.shift();
    this.#undone = [];
  }

  // The changes that take the last step back; undefined when there is none.
  back() {
    const step = this.#done.pop();
    if (step) this.#undone.push(step);
    return step?.map(({ cell, from, to }) => ({ cell, from: to, to: from }));
  }

  again() {
    const step = this.#undone.pop();
    if (step) this.#done.push(step);
    return step;
  }
}
