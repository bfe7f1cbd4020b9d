// What was typed and is not yet on the server, kept in this browser until the server says that it has it. One entry per
// cell, so that two windows do not overwrite each other; written at once, so that a closed or killed window loses nothing.

export class Store {
  constructor(key) {
    this.prefix = `gb-grid/${key}/`;
    this.works = true;
  }

  put(name, entry) {
    this.#try(() => localStorage.setItem(this.prefix + name, JSON.stringify(entry)));
  }

  drop(name) {
    this.#try(() => localStorage.removeItem(this.prefix + name));
  }

  all() {
    const found = new Map();
    this.#try(() => {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith(this.prefix)) continue;
        const entry = JSON.parse(localStorage.getItem(key));
        if (typeof entry?.text === "string") found.set(key.slice(this.prefix.length), entry);
      }
    });
    return found;
  }

  // A browser that keeps nothing (full, forbidden) is told to the person, once something depends on it.
  #try(act) {
    try {
      act();
    } catch {
      this.works = false;
    }
  }
}
