// Questions on their way: taken from the server, opened, answered, left for the next one.

import { alike, plain } from "./edit.js";
import { draw, say, state } from "./state.js";
import { Drafts, Outbox, settling } from "./wire.js";

const AHEAD = 5; // questions held, so that the next one is there at once and some are left without a connection
const IDLE = 120; // seconds after which nobody is thought to be at work on a question

export let outbox = null;
export let drafts = null;

export function connect(run) {
  outbox = new Outbox(run);
  drafts = new Drafts(run);
}

function open(task, kept) {
  const shown = task.spans || [];
  const ideas = shown.map(([start, end, label]) => [start, end, label, "model"]);
  // Where the model's ideas are kept back, so are those of other questions.
  const suggested = settling ? [] : task.spans && task.document ? alike(task, ideas, drafts.alike) : ideas;
  const first = task.windows.length ? task.windows[0][0] : 0;
  const byOne = state.config.one_by_one && suggested.length && !task.windows.length;
  const draft = kept || byOne ? null : drafts.read(task);
  const own = shown.map(([start, end, label]) => [start, end, label, "me"]);
  const spans = settling ? own : state.hidden && !byOne ? [] : suggested;
  const question = {
    task, suggested, spans: draft || spans, selection: [first, first], undo: draft ? [{ spans, selection: null }] : [],
    redo: [], seconds: 0, since: Date.now(), ...(byOne ? { asked: 0, said: [] } : {}), ...kept,
  };
  question.since = Date.now();
  return question;
}

export function next() {
  const entry = state.queue.shift();
  state.question = entry ? (entry.task ? open(entry.task, entry) : open(entry)) : null;
  if (state.question) say(`Question: ${state.question.task.words.join(" ")}`.slice(0, 400));
}

export const waiting = () => [...state.queue.map((entry) => (entry.task || entry).id), ...(state.question ? [state.question.task.id] : [])];

// Send what waits; take new questions in and drop those that a newer ranking or another window has made needless.
export async function exchange() {
  const amount = settling ? 0 : Math.max(AHEAD - state.queue.length, 0);
  const have = waiting();
  const value = await outbox.exchange(have, amount);
  if (!value) return null;
  const stale = new Set(value.stale);
  const needless = ({ id, round }) => stale.has(id) || round < value.round;
  if (!settling) state.queue = state.queue.filter((entry) => entry.task || !needless(entry));
  const known = new Set([...waiting(), ...state.past.filter(({ task }) => task.round === value.round).map(({ task }) => task.id)]);
  state.queue.push(...value.tasks.filter((task) => !known.has(task.id)));
  if (value.problem) state.notice = value.problem;
  if (state.status && value.fresh !== undefined) state.status = { ...state.status, fresh: value.fresh };
  return value;
}

export const elapsed = (question) => question.seconds + Math.min((Date.now() - question.since) / 1000, IDLE);

// Send an answer; the page moves on when it is on the server's disk, or at once while there is no connection.
async function finish(verdict, more) {
  const question = state.question;
  if (!question || state.busy) return;
  const seconds = Math.round(elapsed(question) * 10) / 10;
  const row = {
    id: question.task.id, round: question.task.round, verdict, seconds, when: outbox.moment(),
    spans: verdict === "accept" ? plain(question.spans) : [], ...more,
  };
  if (question.task.windows.length && verdict === "accept") row.missing = unasked(question);
  outbox.add(row);
  drafts.drop(question.task);
  state.busy = true;
  const was = outbox.trouble;
  const sent = exchange();
  if (!was) await sent;
  else sent.then(draw);
  state.busy = false;
  return row;
}

function unasked({ task, spans }) {
  const known = new Set();
  for (const [start, end] of [...task.windows, ...spans]) for (let word = start; word < end; word++) known.add(word);
  return task.words.map((_, word) => word).filter((word) => !known.has(word));
}

function leave() {
  const { question } = state;
  state.past.push({ ...question, undo: [], redo: [], seconds: elapsed(question) });
  state.ahead = [];
  state.done += 1;
  next();
  draw();
  if (!state.queue.length) exchange().then(() => (state.question ? 0 : next(), draw()));
}

export async function accept() {
  const { question } = state;
  if (!question) return;
  if (question.asked !== undefined) return judge(true);
  const row = await finish("accept");
  if (row) leave();
}

export async function skip() {
  if (!state.question) return;
  if (state.question.asked !== undefined && state.question.said.length) return judge(null);
  if (await finish("ignore")) leave();
}

// Yes, no or nothing about one suggested entity; everything else of the sentence stays missing.
export async function judge(verdict) {
  const { question } = state;
  if (!question || question.asked === undefined || state.busy) return;
  const said = [...question.said, [question.suggested[question.asked], verdict]];
  const yes = plain(said.filter(([, one]) => one === true).map(([span]) => span));
  const rejected = plain(said.filter(([, one]) => one === false).map(([span]) => span));
  const known = new Set(yes.flatMap(([start, end]) => Array.from({ length: end - start }, (_, step) => start + step)));
  const missing = question.task.words.map((_, word) => word).filter((word) => !known.has(word));
  const kind = yes.length ? "accept" : rejected.length ? "reject" : "ignore";
  const row = await finish(kind, { spans: yes, rejected, missing: kind === "accept" ? missing : [] });
  if (!row) return;
  question.undo.push({ asked: question.asked, said: question.said, spans: question.spans });
  question.said = said;
  question.seconds = 0;
  question.since = Date.now();
  if (question.asked + 1 < question.suggested.length) question.asked += 1;
  else return leave();
  draw();
}
