//! The stream: hands the changes of a table to its function, in order, until they are done.
