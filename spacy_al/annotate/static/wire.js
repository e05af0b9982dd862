// Talking to the server. Answers wait in localStorage until the server says that they are on its disk.

const parameters = new URLSearchParams(location.search);
export const annotator = parameters.get("annotator") || "";
export const settling = parameters.has("settle");

// What localStorage does not take, since it is full or blocked, lasts as long as the page.
const memory = new Map();

export function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    memory.set(key, value);
  }
}

export function recall(key) {
  try {
    return memory.get(key) ?? localStorage.getItem(key);
  } catch {
    return memory.get(key) ?? null;
  }
}

export function forget(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {} // blocked: it was in memory
}

function keys(prefix) {
  let stored = [];
  try {
    stored = Object.keys(localStorage);
  } catch {} // blocked: all there is is in memory
  return [...stored, ...memory.keys()].filter((key) => key.startsWith(prefix)).sort();
}

// What the server says to a request that it does not grant.
export class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.final = status === 422; // it would say so again
  }
}

export async function call(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", ...options });
  if (response.ok) return response.json();
  const text = await response.text();
  let problem = null;
  try {
    problem = JSON.parse(text).problem;
  } catch {} // plain text
  throw new Refusal(response.status, problem || text.slice(0, 300));
}

export const get = (path, run) => call(`${path}?${new URLSearchParams({ annotator, run })}`);

// patience (number): Milliseconds after which the server counts as gone.
export const post = (path, value, patience = 8000) =>
  call(path, {
    method: "POST", body: JSON.stringify(value), signal: AbortSignal.timeout(patience),
    headers: { "content-type": "application/json" },
  });

export class Outbox {
  // Each answer has a place of its own, so that two windows do not overwrite what the other one keeps.
  constructor(run) {
    this.run = run;
    this.own = `${run}:${encodeURIComponent(annotator)}:${settling ? "settle" : ""}:`;
    this.last = 0; // milliseconds
    this.trouble = null; // "offline", or what the server says
  }

  get rows() {
    return keys(`al:${this.own}`).map((key) => JSON.parse(recall(key)));
  }

  // Whether what is kept here would be gone with the page.
  get fleeting() {
    return [...memory.keys()].some((key) => key.startsWith(`al:${this.own}`));
  }

  // Now, or just after the last answer where the clock was set back: answers are sent in the order of their moments.
  moment() {
    const kept = this.rows.map((row) => Date.parse(row.when));
    this.last = Math.max(Date.now(), ...[this.last, ...kept].map((time) => time + 1));
    return new Date(this.last).toISOString();
  }

  place(kind, { when, id }) {
    return `${kind}:${this.own}${when} ${id}`;
  }

  add(row) {
    keep(this.place("al", row), JSON.stringify(row));
  }

  remove(rows) {
    rows.forEach((row) => forget(this.place("al", row)));
  }

  // Send what waits and fetch questions: what the server says, and `problem`; null while it takes nothing.
  async exchange(have, amount) {
    let problem = "";
    let rows = this.rows.slice(0, 100);
    for (;;) {
      try {
        const value = await post("/api/answer", { annotator, answers: rows, have, amount, settle: settling, run: this.run });
        this.trouble = null;
        this.remove(rows);
        if (!this.rows.length) return { ...value, problem };
        rows = this.rows.slice(0, 100);
      } catch (error) {
        if (!error.final || !rows.length) {
          this.trouble = error instanceof Refusal ? error.message : "offline";
          return null;
        }
        if (rows.length === 1) {
          problem = `${error.message} This browser keeps the answer.`;
          this.refuse(rows[0]);
          rows = this.rows.slice(0, 100);
        } else rows = rows.slice(0, 1);
      }
    }
  }

  // What cannot be taken is kept aside: nobody's work is thrown away.
  refuse(row) {
    keep(this.place("al-refused", row), JSON.stringify(row));
    this.remove([row]);
  }
}

// The marks of a question that is not answered yet, and what was marked everywhere, for a page that is loaded anew.
export class Drafts {
  constructor(run) {
    const whose = `${run}:${encodeURIComponent(annotator)}:${settling ? "settle" : ""}`;
    this.own = `al-draft:${whose}:`;
    this.everywhere = `al-alike:${whose}`;
  }

  get alike() {
    return JSON.parse(recall(this.everywhere) || "[]");
  }

  set alike(marks) {
    keep(this.everywhere, JSON.stringify(marks));
  }

  read = ({ id, round }) => JSON.parse(recall(`${this.own}${round} ${id}`) || "null");
  write = ({ id, round }, spans) => keep(`${this.own}${round} ${id}`, JSON.stringify(spans));
  drop = ({ id, round }) => forget(`${this.own}${round} ${id}`);
}
