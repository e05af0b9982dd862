// What stands in place of a question, under it when people differ, and above it when something is wrong.

import { h } from "./vendor/preact-11.2.0.js";
import htm from "./vendor/htm-3.1.1.js";
import { state } from "./state.js";
import { colour } from "./text.js";
import { Refusal, post, settling } from "./wire.js";

const html = htm.bind(h);

export function Variants({ take }) {
  const row = state.differences.find((one) => one.task.id === state.question.task.id);
  const { words } = state.question.task;
  return html`<div class="variants">${(row?.answers || []).map((answer) => html`<div class="variant">
    <b>${answer.annotator || "unnamed"}</b>
    <span>${answer.spans.length ? answer.spans.map(([start, end, name]) => html`<span class="label still ${colour(state.config.labels, name)}">${words.slice(start, end).join(" ")} · ${name}</span> `) : "no entities"}</span>
    <button onClick=${() => take(answer.spans.map((span) => [...span, "me"]))}>Take this</button></div>`)}</div>`;
}

export function Empty({ undo }) {
  const phase = state.status?.phase;
  const { name } = state.config;
  if (settling) return html`<section class="card empty"><h2>Nothing to settle</h2><p>No two people differ on a sentence.</p></section>`;
  if (phase === "done") {
    return html`<section class="card empty"><h2>This run is finished</h2>
      <p>The model is in the run's folder. Load it in Python:</p><pre>spacy.load("${name}/model")</pre>
      ${state.status.fresh
        ? html`<p id="late">${state.status.fresh} changed ${state.status.fresh === 1 ? "answer waits" : "answers wait"}: "Learn now" makes another round of ${state.status.fresh === 1 ? "it" : "them"}, and so does the same <code>al run</code>.</p>`
        : null}
      ${state.past.length ? html`<p>You may go back to what you have answered here.</p>${undo}` : null}</section>`;
  }
  const starting = !state.status || ["new", "starting", "loading"].includes(state.status.training?.phase || "new");
  return html`<section class="card empty" aria-busy="true"><div class="wheel" aria-hidden="true"></div>
    <h2>${starting ? "Getting ready" : "The next questions are on their way"}</h2>
    <p>${starting ? "Texts and model are being loaded." : "The model learns from your answers and looks for what it does not know yet."}</p></section>`;
}

export const Failure = ({ text }) =>
  html`<main class="alone"><section class="card narrow" role="alert"><h1>The page cannot begin</h1><p>${text}</p></section></main>`;

// Why answers stay in the browser, as long as they do.
export function Banner({ outbox }) {
  if (!outbox.trouble) return null;
  const kept = outbox.rows.length;
  const why = outbox.trouble === "offline" ? "No connection." : outbox.trouble;
  const where = outbox.fleeting ? "kept in this page alone, since the browser stores nothing: leave it open. They are" : "kept here and";
  const answers = kept === 1 ? "1 answer is" : `${kept} answers are`;
  return html`<p class=${`banner${outbox.trouble === "offline" ? "" : " problem"}`} role="alert">${why} ${answers} ${where} sent when it goes again.</p>`;
}

export function Ask({ draw }) {
  const begin = async (event) => {
    event.preventDefault();
    const labels = event.target.elements.labels.value;
    state.beginning = true;
    draw();
    try {
      await post("/api/labels", { labels }, 600000);
      return location.reload();
    } catch (error) {
      const silent = "The server does not answer. Look at the terminal in which it was started.";
      state.notice = error instanceof Refusal ? error.message : silent;
    }
    state.beginning = false;
    draw();
  };
  return html`<main class="alone"><form class="card narrow" onSubmit=${begin}>
    <h1>What do you want to find?</h1>
    <label for="labels">Names of labels, with commas between them</label>
    <input id="labels" name="labels" placeholder="PERSON, PLACE" autocomplete="off" autofocus required maxlength="2000" />
    ${state.notice ? html`<p class="problem" role="alert">${state.notice}</p>` : null}
    <button class="primary" type="submit" disabled=${state.beginning}>${state.beginning ? "Reading your texts …" : "Begin"}</button></form></main>`;
}
