//! Members as Sukuwatto shows them, and its codes for what stands in a profile: other slices show them, too.

pub use shared::dialect::sukuwatto::views::{
    AUDIENCES, GENDERS, NewUserView, SYSTEMS, UserFullView, UserHiddenView, UserView,
};
