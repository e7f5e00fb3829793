//! Panics, with the addresses of their stack.
//!
//! The shipped binary knows no names for them: they are found by its build id in
//! the debug files that the build keeps.

use std::borrow::Cow;
use std::panic::{Location, PanicHookInfo};

use sentry_core::protocol::{Context, DebugImage, DebugMeta, Event, Exception, Frame, Mechanism, Stacktrace};
use sentry_core::{Hub, Level};

use super::scrub::PLACE;
use crate::work::Work;

/// A stack deeper than this has an end that nobody reads.
const FRAMES: usize = 128;

/// From here on, each panic is reported where it happens, before it unwinds.
pub(super) fn report() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        Hub::with_active(|hub| _ = hub.capture_event(event(panic)));
        Work::note_panic();
        before(panic);
    }));
}

fn event(panic: &PanicHookInfo<'_>) -> Event<'static> {
    let exception = Exception {
        ty: "panic".to_owned(),
        value: panic.payload_as_str().map(str::to_owned),
        stacktrace: stack(),
        mechanism: Some(Mechanism { ty: "panic".to_owned(), handled: Some(false), ..Mechanism::default() }),
        ..Exception::default()
    };
    Event {
        level: Level::Fatal,
        exception: vec![exception].into(),
        contexts: panic.location().map(place).into_iter().collect(),
        debug_meta: Cow::Owned(DebugMeta { images: images(), ..DebugMeta::default() }),
        ..Event::default()
    }
}

/// As the layer says of a log line where it stands.
fn place(place: &Location<'_>) -> (String, Context) {
    let place = [("file".to_owned(), place.file().into()), ("line".to_owned(), place.line().into())];
    (PLACE.to_owned(), Context::Other(place.into()))
}

fn stack() -> Option<Stacktrace> {
    let mut frames = Vec::new();
    backtrace::trace(|frame| {
        let address = Some((frame.ip() as u64).into());
        frames.push(Frame { instruction_addr: address, ..Frame::default() });
        frames.len() < FRAMES
    });
    Stacktrace::from_frames_reversed(frames)
}

/// What is loaded, and where. Without its folder, which is the machine's.
fn images() -> Vec<DebugImage> {
    let mut images = sentry_debug_images::debug_images();
    for image in &mut images {
        if let DebugImage::Symbolic(image) = image {
            image.name = file_name(&image.name);
            image.debug_file = image.debug_file.as_deref().map(file_name);
            image.arch = Some(ARCH.to_owned());
        }
    }
    images
}

/// The processor as Sentry calls it.
const ARCH: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { std::env::consts::ARCH };

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}
