//! What goes over the wire to etcd's members.

pub mod pipe;
