//! The names that a `use` imports.

use syn::{Ident, UseTree};

/// One name that a `use` imports. `bound` is `None` for a glob.
pub(crate) struct Leaf {
    pub(crate) path: Vec<Ident>,
    pub(crate) bound: Option<Ident>,
}

impl Leaf {
    pub(crate) fn is_std_itself(&self) -> bool {
        self.bound.as_ref().is_some_and(|name| name == "std")
            && matches!(self.path.as_slice(), [only] if only == "std")
    }
}

/// Returns the names that `tree` imports.
pub(crate) fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn walk(tree: &UseTree, path: &mut Vec<Ident>, leaves: &mut Vec<Leaf>) {
        let mut leaf = |name: &Ident, bound: &Ident| {
            let mut path = path.clone();
            let mut bound = bound.clone();
            if name == "self" {
                if bound == "self"
                    && let Some(last) = path.last()
                {
                    bound = last.clone();
                }
            } else {
                path.push(name.clone());
            }
            leaves.push(Leaf {
                path,
                bound: Some(bound),
            });
        };
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.clone());
                walk(&tree.tree, path, leaves);
                path.pop();
            }
            UseTree::Name(tree) => leaf(&tree.ident, &tree.ident),
            UseTree::Rename(tree) => leaf(&tree.ident, &tree.rename),
            UseTree::Glob(_) => leaves.push(Leaf {
                path: path.clone(),
                bound: None,
            }),
            UseTree::Group(tree) => {
                for tree in &tree.items {
                    walk(tree, path, leaves);
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), &mut found);
    found
}
