//! Storage of the `thread_local!` values of a green thread.
#![forbid(unsafe_code)]

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::rc::Rc;

use crate::wait::address_hasher::AddressHasher;

/// The values of one green thread. The tables are allocated at the first use.
#[derive(Debug, Default)]
pub(crate) struct Locals(OnceCell<Box<Tables>>);

/// The values, by the address of their key.
///
/// No borrow of the tables is held while a value is initialized, used or dropped: each of these may be re-entrant.
#[derive(Debug, Default)]
struct Tables {
    values: RefCell<HashMap<usize, Value, BuildHasherDefault<AddressHasher>>>,
    /// The keys of values that have destructors, in order of initialization.
    to_drop: RefCell<Vec<usize>>,
}

#[derive(Debug)]
enum Value {
    Alive(Rc<dyn Any>),
    /// Its destructor is running or has run.
    Destroyed,
}

/// The value was destroyed.
#[derive(Debug)]
pub(crate) struct Destroyed;

impl Locals {
    /// Returns the value of the key at `address`, which `make` initializes at the first use.
    #[inline]
    pub(crate) fn get<T: 'static>(
        &self,
        address: usize,
        make: impl FnOnce() -> T,
    ) -> Result<Rc<T>, Destroyed> {
        self.0.get_or_init(Box::default).get(address, make)
    }

    /// Runs the destructors, the newest value's first, as std does, including those of values that destructors
    /// initialize. Aborts if one panics, as std does.
    #[inline]
    pub(crate) fn destroy(&self) {
        if let Some(tables) = self.0.get() {
            tables.destroy();
        }
    }
}

impl Tables {
    fn get<T: 'static>(
        &self,
        address: usize,
        make: impl FnOnce() -> T,
    ) -> Result<Rc<T>, Destroyed> {
        match self.values.borrow().get(&address) {
            Some(Value::Alive(value)) => return Ok(downcast(value.clone())),
            Some(Value::Destroyed) => return Err(Destroyed),
            None => {}
        }
        let value = Rc::new(make());
        self.put(address, value.clone())?;
        Ok(value)
    }

    /// Sets the value of the key at `address`. A value that a re-entrant initialization has set is replaced.
    fn put<T: 'static>(&self, address: usize, value: Rc<T>) -> Result<(), Destroyed> {
        let old = {
            let mut values = self.values.borrow_mut();
            if let Some(Value::Destroyed) = values.get(&address) {
                return Err(Destroyed);
            }
            values.insert(address, Value::Alive(value))
        };
        if old.is_none() && std::mem::needs_drop::<T>() {
            self.to_drop.borrow_mut().push(address);
        }
        drop(old);
        Ok(())
    }

    fn destroy(&self) {
        loop {
            let Some(address) = self.to_drop.borrow_mut().pop() else {
                return;
            };
            let value = self.values.borrow_mut().insert(address, Value::Destroyed);
            if panic::catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
                eprintln!("fatal runtime error: thread local panicked on drop, aborting");
                process::abort();
            }
        }
    }
}

/// Downcasts a value. Its type follows from the key's address: a key is a static that belongs to one `LocalKey<T>`.
fn downcast<T: 'static>(value: Rc<dyn Any>) -> Rc<T> {
    value.downcast().expect("a key has values of one type")
}
