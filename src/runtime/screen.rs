//! The output for frames.

/// A terminal, or a test double.
///
/// It buffers at most one frame. While it is busy, nothing is drawn: frames are differences, so none may be lost.
pub trait Screen {
    /// The size in columns and rows.
    fn size(&self) -> (u16, u16);
    /// Whether it can accept a frame.
    fn is_free(&self) -> bool;
    /// Writes a frame, which is bytes for a terminal. Only called while the screen is free.
    fn write_frame(&mut self, frame: Vec<u8>);
    /// Waits until it is free.
    fn until_free(&self) -> impl Future<Output = ()>;
    /// Suspends the program until it is continued. Restores the terminal before and enters it again afterwards. With
    /// `whole_job`, all processes in the shell's job are stopped too.
    fn suspend(&mut self, whole_job: bool) -> impl Future<Output = ()>;
    /// Sets whether mouse capture is restored when the terminal is entered again.
    fn keep_mouse(&mut self, is_ours: bool);
    /// Whether it is a pane of tmux. Then tmux decides how to copy to the clipboard.
    fn is_in_tmux(&self) -> bool {
        false
    }
    /// Enters the terminal again after another program may have used it. Its content is unknown.
    fn reenter(&mut self);
}
