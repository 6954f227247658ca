//! A list that is usually empty.

use std::fmt;
use std::ops::Deref;

/// A list that takes 8 bytes while it is empty. Each of 100,000 leases has several.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::box_collection, reason = "a vector alone takes 24 bytes")]
pub struct ThinList<T>(Option<Box<Vec<T>>>);

impl<T> ThinList<T> {
    /// An empty list.
    pub const fn new() -> Self {
        ThinList(None)
    }

    /// The elements.
    pub fn as_slice(&self) -> &[T] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Adds an element at the end.
    pub(super) fn push(&mut self, element: T) {
        self.0.get_or_insert_default().push(element);
    }

    /// Removes and returns the element at `place`.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn remove(&mut self, place: usize) -> T {
        self.0.get_or_insert_default().remove(place)
    }

    /// The elements, to change them.
    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.as_deref_mut().map_or(&mut [][..], Vec::as_mut_slice).iter_mut()
    }

    /// Keeps only the elements with a property.
    pub(super) fn retain(&mut self, keeps: impl FnMut(&T) -> bool) {
        if let Some(elements) = &mut self.0 {
            elements.retain(keeps);
        }
        self.0.take_if(|elements| elements.is_empty());
    }
}

impl<T> Default for ThinList<T> {
    fn default() -> Self {
        ThinList::new()
    }
}

impl<T> Deref for ThinList<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T> From<Vec<T>> for ThinList<T> {
    fn from(mut elements: Vec<T>) -> Self {
        elements.shrink_to_fit();
        ThinList(if elements.is_empty() { None } else { Some(Box::new(elements)) })
    }
}

impl<'a, T> IntoIterator for &'a ThinList<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for ThinList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_small_and_empty_lists_are_equal() {
        let mut list = ThinList::new();
        list.push(1);
        list.push(2);
        assert_eq!((list.remove(0), &list[..], size_of::<ThinList<u8>>()), (1, &[2][..], 8));
        list.retain(|_| false);
        assert_eq!((&list, list.first()), (&ThinList::from(Vec::new()), None));
    }
}
