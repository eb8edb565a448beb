// Filters, order and pages of the list; names and numbers stand in the page already. A run may hold tens of thousands of
// documents: only one page of rows is in the document at a time, or nothing could be scrolled or sorted.
document.documentElement.classList.add("waiting");
document.addEventListener("DOMContentLoaded", () => {
  const size = 200;
  const form = document.getElementById("filters"), pages = document.getElementById("pages");
  const body = document.querySelector("#list tbody");
  const [before, after] = pages.querySelectorAll("button");
  let rows = [...body.rows], found = rows, first = 0;
  const names = new Map(rows.map((row) => [row, row.cells[0].textContent.toLowerCase()]));
  const show = (all = false) => {
    body.replaceChildren(...(all ? found : found.slice(first, first + size)));
    pages.hidden = found.length <= size;
    pages.querySelector("output").value = `${first + 1}–${Math.min(first + size, found.length)} of ${found.length}`;
    before.disabled = first === 0;
    after.disabled = first + size >= found.length;
  };
  const apply = () => {
    const wanted = new FormData(form), part = wanted.get("name").trim().toLowerCase(), kind = wanted.get("show");
    found = rows.filter((row) => names.get(row).includes(part) && (!kind || Number(row.dataset[kind]) > 0));
    first = 0;
    document.getElementById("shown").value = `${found.length} of ${rows.length} documents`;
    show();
  };
  const turn = (by) => {
    first += by;
    show();
    document.getElementById("list").scrollIntoView();
  };
  before.addEventListener("click", () => turn(-size));
  after.addEventListener("click", () => turn(size));
  addEventListener("beforeprint", () => show(true));
  addEventListener("afterprint", () => show());
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
      rows = keyed.map(([, row]) => row);
      apply();
    });
  }
  show();
  document.documentElement.classList.remove("waiting");
});
