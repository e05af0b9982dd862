// Talking to the server. Answers wait in localStorage until the server says that they are on its disk.

const parameters = new URLSearchParams(location.search);
export const annotator = parameters.get("annotator") || "";
export const settling = parameters.has("settle");

export async function get(path) {
  const response = await fetch(`${path}?annotator=${encodeURIComponent(annotator)}`, { cache: "no-store" });
  if (!response.ok) throw new Error((await response.text()).slice(0, 300));
  return response.json();
}

// patience (number): Milliseconds after which the server counts as gone.
export async function post(path, value, patience = 8000) {
  const signal = AbortSignal.timeout(patience);
  const body = JSON.stringify(value);
  return fetch(path, { method: "POST", body, signal, headers: { "content-type": "application/json" } });
}

export class Outbox {
  constructor(name) {
    this.key = `al:${name}:${annotator}`;
    this.refusedKey = `${this.key}:refused`;
    this.offline = false;
  }

  get rows() {
    return JSON.parse(localStorage.getItem(this.key) || "[]");
  }

  add(row) {
    localStorage.setItem(this.key, JSON.stringify([...this.rows, row]));
  }

  remove(rows) {
    const gone = new Set(rows.map((row) => `${row.id} ${row.when}`));
    localStorage.setItem(this.key, JSON.stringify(this.rows.filter((row) => !gone.has(`${row.id} ${row.when}`))));
  }

  // Send what waits and fetch questions: {tasks, problem}; null while the server cannot be reached.
  async exchange(have, amount) {
    let problem = "";
    let rows = this.rows.slice(0, 100);
    for (;;) {
      let response;
      try {
        response = await post("/api/answer", { annotator, answers: rows, have, amount, settle: settling });
      } catch {
        this.offline = true;
        return null;
      }
      if (response.ok) {
        this.offline = false;
        this.remove(rows);
        const value = await response.json();
        if (!this.rows.length) return { ...value, problem };
        rows = this.rows.slice(0, 100);
      } else if (response.status !== 422) {
        this.offline = true;
        return { tasks: [], problem: `The server says: ${(await response.text()).slice(0, 200)}`, kept: true };
      } else if (rows.length > 1) {
        rows = rows.slice(0, 1);
      } else {
        problem = (await response.json()).problem;
        if (!rows.length) return { tasks: [], problem };
        this.refuse(rows);
        rows = this.rows.slice(0, 100);
      }
    }
  }

  // What cannot be taken is kept aside: nobody's work is thrown away.
  refuse(rows) {
    const before = JSON.parse(localStorage.getItem(this.refusedKey) || "[]");
    localStorage.setItem(this.refusedKey, JSON.stringify([...before, ...rows]));
    this.remove(rows);
  }
}
