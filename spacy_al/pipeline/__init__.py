"""spaCy components: taggers, the uncertainty component, and adapters that ask any NER pipe for TagSamples."""
