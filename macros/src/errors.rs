//! All errors of one expansion, reported at once.

use proc_macro2::TokenStream;
use quote::ToTokens;
use std::fmt::Display;

/// Collects errors until the end of a stage.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds an error that points at `culprit`.
    pub(crate) fn at(&mut self, culprit: impl ToTokens, text: impl Display) {
        self.push(syn::Error::new_spanned(culprit, text));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
    }

    /// Adds an error that points at `culprit`, and returns all of them.
    pub(crate) fn and(mut self, culprit: impl ToTokens, text: impl Display) -> syn::Error {
        let error = syn::Error::new_spanned(culprit, text);
        match self.0.take() {
            Some(mut all) => {
                all.combine(error);
                all
            }
            None => error,
        }
    }

    /// Returns `value`, or the errors if any were added.
    pub(crate) fn finish<T>(self, value: T) -> syn::Result<T> {
        match self.0 {
            None => Ok(value),
            Some(error) => Err(error),
        }
    }
}

/// The reason why a function is no patch point: the text that the listing shows, and the tokens that cause it.
#[derive(Clone)]
pub(crate) struct Reason {
    culprit: TokenStream,
    pub(crate) text: String,
}

impl Reason {
    pub(crate) fn new(culprit: impl ToTokens, text: impl Into<String>) -> Self {
        Reason {
            culprit: culprit.into_token_stream(),
            text: text.into(),
        }
    }

    /// Returns the error for an item that must be a patch point.
    pub(crate) fn into_error(self) -> syn::Error {
        syn::Error::new_spanned(
            self.culprit,
            format!("cannot be a patch point: {}", self.text),
        )
    }

    /// Returns the error for a replacement.
    pub(crate) fn into_error_of_replacement(self) -> syn::Error {
        syn::Error::new_spanned(
            self.culprit,
            format!("cannot be a replacement as it stands: {}", self.text),
        )
    }
}
