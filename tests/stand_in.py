"""A stand-in for `Session`: a run that waits for people, and remembers what it was told."""


class Waiting:
    """Put in place of `spacy_al.loop.session.Session` by tests of commands that only pass tasks and answers on."""

    def __init__(self, tasks, labels=("PER", "LOC")):
        self.tasks, self.labels, self.given, self.opened = tasks, list(labels), [], []

    def open(self, path):
        self.opened.append(path)
        return self

    def batch(self):
        return self.tasks

    def asked(self):
        return self.tasks

    def answer(self, answers):
        self.given.extend(answers)
