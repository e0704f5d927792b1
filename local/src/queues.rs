//! Queues: hand their messages to the functions that wait for them.
