//! Where frames go.

/// Something that shows frames: a terminal, or a test.
///
/// It holds one frame at most. While it is busy with one, nothing is drawn at all: a frame holds what has changed
/// since the one before, so none may be lost.
pub trait Screen {
    /// Columns and rows.
    fn size(&self) -> (u16, u16);
    /// Whether it can take a frame.
    fn is_free(&self) -> bool;
    /// Takes a frame: bytes for a terminal. Only asked for while it is free.
    fn write_frame(&mut self, frame: Vec<u8>);
    /// Waits until it is free.
    fn until_free(&self) -> impl Future<Output = ()>;
    /// Lets the program stand still until somebody continues it: gives the terminal back before, and takes it again
    /// after. With `whole_job` whoever was started together with the program is stopped as well.
    fn suspend(&mut self, whole_job: bool) -> impl Future<Output = ()>;
    /// Whether the mouse is ours from now on: it is given back and taken again with the terminal.
    fn keep_mouse(&mut self, is_ours: bool);
    /// Takes the terminal again after somebody else may have had it: what it shows is not known.
    fn reenter(&mut self);
}
