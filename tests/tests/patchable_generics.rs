//! Generic functions and methods: one instantiation is replaced, others are not.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(missing_docs, unreachable_pub)]

use greenpatch::{Overrides, patch_point, patchable, replaces};
use std::fmt::{Debug, Display};

#[patchable]
fn pair<T: Clone>(value: T) -> (T, T) {
    (value.clone(), value)
}

#[patchable]
fn zeros<const N: usize>() -> [u8; N] {
    [0; N]
}

#[patchable]
fn name_of<T: ?Sized + 'static>() -> &'static str {
    std::any::type_name::<T>()
}

#[patchable]
fn shown<'a, T>(value: &'a T, rest: &'a str) -> (String, &'a str)
where
    T: Display + ?Sized,
{
    (value.to_string(), rest)
}

#[patchable]
fn joined(a: impl Into<String>, b: &mut impl FnMut(&str) -> usize, count: u8) -> (String, usize) {
    let a = a.into();
    let length = b(&a);
    (a.repeat(count.into()), length)
}

#[patchable]
fn outlives<'a, T: 'a + Debug>(value: &'a T) -> Box<dyn Debug + 'a> {
    Box::new(value)
}

#[derive(Debug)]
pub struct Stack<'a, T, const N: usize> {
    label: &'a str,
    items: Vec<T>,
}

#[patchable]
impl<'a, T, const N: usize> Stack<'a, T, N>
where
    T: Clone + Debug,
{
    pub fn new(label: &'a str) -> Self {
        Stack {
            label,
            items: Vec::new(),
        }
    }

    pub fn push(&mut self, item: T) -> &mut Self {
        if self.items.len() < N {
            self.items.push(item);
        }
        self
    }

    pub fn label(&self) -> &'a str {
        self.label
    }

    pub fn map<U, F>(&self, f: F) -> Vec<U>
    where
        F: Fn(&T) -> U,
    {
        self.items.iter().map(f).collect()
    }

    pub fn capacity() -> usize {
        N
    }
}

#[replaces(pair::<u32>)]
fn pair_of_numbers(value: u32) -> (u32, u32) {
    (value, value + 1)
}

#[replaces(Stack::<String, 4>::push)]
fn push_shouting<'s, 'a>(
    this: &'s mut Stack<'a, String, 4>,
    item: String,
) -> &'s mut Stack<'a, String, 4> {
    this.items.push(item.to_uppercase());
    this
}

#[test]
fn unpatched() {
    assert_eq!(pair("a"), ("a", "a"));
    assert_eq!(zeros::<3>(), [0; 3]);
    assert_eq!(name_of::<str>(), "str");
    let text = String::from("x");
    assert_eq!(shown(&text, &text), ("x".to_owned(), "x"));
    assert_eq!(
        joined("ab", &mut |text: &str| text.len(), 2),
        ("abab".to_owned(), 2)
    );
    assert_eq!(format!("{:?}", outlives(&text)), "\"x\"");

    let label = String::from("label");
    let mut stack = Stack::<_, 2>::new(&label);
    stack.push(1).push(2).push(3);
    assert_eq!(stack.map(|item| item * 2), [2, 4]);
    assert_eq!(stack.label(), "label");
    assert_eq!(Stack::<u8, 7>::capacity(), 7);
    assert_eq!(pair_of_numbers(1), (1, 2));
    assert_eq!(
        push_shouting(&mut Stack::new(""), "a".to_owned()).items,
        ["A"]
    );
}

#[test]
fn one_instantiation_is_overridden() {
    Overrides::new()
        .item(
            patch_point!(pair::<u32>),
            Box::new(|value: u32| (value, 10 * value)),
        )
        .item(patch_point!(zeros::<2>), Box::new(|| [7, 7]))
        .item(patch_point!(name_of::<str>), Box::new(|| "text"))
        .item(patch_point!(Stack::<u8, 5>::capacity), Box::new(|| 50))
        .run(|| {
            assert_eq!(pair(3_u32), (3, 30));
            assert_eq!(pair(3_u64), (3, 3));
            assert_eq!(zeros::<2>(), [7, 7]);
            assert_eq!(zeros::<1>(), [0]);
            assert_eq!(name_of::<str>(), "text");
            assert_eq!(name_of::<u8>(), "u8");
            assert_eq!(Stack::<u8, 5>::capacity(), 50);
            assert_eq!(Stack::<u8, 6>::capacity(), 6);
            assert_eq!(Stack::<u16, 5>::capacity(), 5);
        });
    assert_eq!(pair(3_u32), (3, 3));
}

#[test]
fn a_lifetime_names_no_instantiation() {
    type Text = &'static str;
    let refused = std::panic::catch_unwind(|| patch_point!(pair::<Text>));
    let message = *refused.err().unwrap().downcast::<String>().unwrap();
    assert!(message.contains("pair::<&str>"), "{message}");

    type Dyn = Box<dyn Debug>;
    assert!(std::panic::catch_unwind(|| patch_point!(name_of::<Dyn>)).is_err());
}

#[test]
fn an_instance_knows_its_name() {
    let point = patch_point!(pair::<u8>);
    assert_eq!(point.raw().site().name, "pair::<u8>");
    assert_eq!(point.raw().type_name(), "fn(u8) -> (u8, u8)");
    assert_eq!(point.original()(1), (1, 1));
    let point = patch_point!(Stack::<u16, 9>::capacity);
    assert_eq!(point.raw().site().name, "Stack<T, N>::capacity::<u16, 9>");
}

#[patchable]
fn call<C: Fn() -> u32>(closure: &C) -> u32 {
    closure()
}

/// A closure may capture a lifetime that its type's name does not show.
#[test]
#[should_panic(expected = "lifetime")]
fn a_closure_is_no_type_argument_of_a_replacement() {
    fn other<C: Fn() -> u32>(_: &C) -> u32 {
        0
    }
    fn patch<C: Fn() -> u32 + 'static>(_: &C) {
        greenpatch::patch_item(greenpatch::patch_point!(call::<C>), other::<C>);
    }
    assert_eq!(call(&|| 1), 1);
    patch(&|| 1);
}
