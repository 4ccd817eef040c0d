import { setFlagsFromString } from 'node:v8';

// Imported before all else: V8 lets the space of new objects grow to 34 MB (Node 20) or 134 (Node 24) and never gives it back. A
// supervisor, of which a machine may have many beside its trainers, keeps the 2 MB that it starts with.
setFlagsFromString('--semi-space-growth-factor=1');
