// Lines that the person names: as soon as a line has a name, its cells are saved under it like all others.

const clean = (text) => text.replace(/\s+/g, " ").trim();

export class NewLines {
  constructor(grid) {
    this.grid = grid;
  }

  // Whether a cell has an address of its own yet; without one it only goes with the form.
  isNamed(cell) {
    return cell.kind === "name" || !cell.name.startsWith("moi/");
  }

  isUnknown(name) {
    return name.split("/").length >= 4 && !name.startsWith("giai-trinh/") && !this.grid.sheet.byName.has(name);
  }

  named(cell, text) {
    const name = clean(text);
    const { line, table } = cell;
    const fault = this.#fault(table, line, name);
    if (fault) {
      cell.input.setAttribute("aria-invalid", "true");
      this.grid.tell(fault);
      this.grid.bar.tell({ tone: "err", words: [fault] });
      return;
    }
    cell.input.removeAttribute("aria-invalid");
    const texts = [];
    for (const other of line.parts.actual) {
      if (!other.isTyped || other.kind === "name") continue;
      if (this.isNamed(other) && other.text) texts.push([other.name, ""]);
      if (!name) continue;
      this.grid.sheet.rename(other, `${table.id}/${line.row}/${name}/${other.column.id}`);
      if (other.text) texts.push([other.name, other.text]);
    }
    this.grid.autosave.put(texts);
    line.subunit = name;
    if (name) cell.input.removeAttribute("name");
  }

  #fault(table, line, name) {
    if (name.includes("/") || name.length > 120) return "Tên dòng không có dấu “/” và không quá 120 ký tự.";
    const isSame = (one) => one.subunit.toLowerCase() === name.toLowerCase();
    if (name && table.byRow.get(line.row).some((one) => one !== line && isSame(one))) {
      return `Đã có dòng “${name}”. Nhập tiếp ở dòng đó hoặc đặt tên khác.`;
    }
    return name || !line.subunit ? "" : "Dòng đã có số thì phải có tên.";
  }
}
