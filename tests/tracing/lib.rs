//! Tests of greenpatch with its feature `tracing`. They are a package of their own, so that the feature is not on for all other tests.
