// Sorts a table by the column whose heading is pressed; the page is complete without it.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const rising = heading.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
      const compare = (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
      const number = (a, b) => Number(key(a)) - Number(key(b));
      const rows = [...body.rows];
      const numeric = rows.every((row) => key(row) !== "" && !Number.isNaN(Number(key(row))));
      rows.sort(numeric ? number : compare);
      body.append(...(rising ? rows : rows.reverse()));
    });
  });
}
// Paper has nothing to unfold.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
