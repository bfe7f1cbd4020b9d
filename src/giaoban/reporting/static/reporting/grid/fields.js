// What is saved under a name, as the rest of the grid sees it: a cell of the table, or a text beside it.

export class CellField {
  constructor(cell) {
    this.cell = cell;
    this.place = cell.place;
    this.path = cell.path;
    this.id = cell.input.id;
  }

  get text() {
    return this.cell.text;
  }

  set text(text) {
    this.cell.text = text;
  }

  get isBusy() {
    return this.cell.place.classList.contains("is-editing");
  }

  focus() {
    this.cell.input.focus();
  }
}

export class TextField {
  constructor(field) {
    this.field = field;
    this.place = field.closest(".gb-field");
    this.path = this.place.querySelector("label").textContent.trim();
    this.id = field.id;
  }

  get text() {
    return this.field.value.trim();
  }

  set text(text) {
    this.field.value = text;
  }

  get isBusy() {
    return document.activeElement === this.field;
  }

  focus() {
    this.field.focus();
  }
}
