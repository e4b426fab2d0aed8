// What a browser keeps for a page it may refuse to: then it lasts as long as the page is open.
const kept = new Map();
function recall(key) {
  try {
    return localStorage.getItem(key) ?? kept.get(key) ?? null;
  } catch {
    return kept.get(key) ?? null;
  }
}

function keep(key, text) {
  kept.set(key, text);
  try {
    localStorage.setItem(key, text);
  } catch {
    $("campaign").textContent = "This browser keeps nothing for this page: download the table before it is closed.";
  }
}

// The rows of the stretches on this page: served, those of the table; else those that are remembered and not yet in it,
// with those of stretches that an earlier page had.
function takeRows() {
  const inTable = rowsOf(table);
  const before = memory.rows;
  const rows = served ? inTable : Object.values(before).filter((row) => !inTable.some((other) => same(row, other)));
  memory.rows = {};
  for (const stretch of stretches) {
    const row = rows.find((each) => same(each, before[stretch.id])) ?? rowIn(rows, stretch);
    if (row) memory.rows[stretch.id] = row;
  }
  if (served) return;
  for (const [id, row] of Object.entries(before)) {
    if (rows.includes(row) && !Object.values(memory.rows).includes(row)) memory.rows[id] = row;
  }
}
