// Filters and order of the list; names and numbers stand in the page already.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("filters");
  const body = document.querySelector("#list tbody");
  const rows = [...body.rows];
  const apply = () => {
    const wanted = new FormData(form), part = wanted.get("name").trim().toLowerCase(), kind = wanted.get("show");
    let count = 0;
    for (const row of rows) {
      row.hidden = !(row.cells[0].textContent.toLowerCase().includes(part) && (!kind || Number(row.dataset[kind]) > 0));
      if (!row.hidden) count += 1;
    }
    document.getElementById("shown").value = `${count} of ${rows.length} documents`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("change", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  const valueOf = (row, column) => {
    const cell = row.cells[column], text = cell.dataset.v ?? cell.textContent;
    return column ? Number(text === "" ? -1 : text) : text;
  };
  for (const head of document.querySelectorAll("#list thead th[aria-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.cellIndex ? head.ariaSort !== "descending" : head.ariaSort === "ascending";
      for (const one of head.parentElement.cells) if (one.ariaSort) one.ariaSort = "none";
      head.ariaSort = down ? "descending" : "ascending";
      const keyed = rows.map((row) => [valueOf(row, head.cellIndex), row]);
      keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
      body.append(...keyed.map(([, row]) => row));
    });
  }
});
