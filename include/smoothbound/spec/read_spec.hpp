// From a text to a Spec.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "smoothbound/models/model.hpp"
#include "smoothbound/spec/spec.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound {

/// How names of architecture files end, without the dot.
constexpr std::array<std::string_view, 3> architecture_endings{"yaml", "yml", "json"};

/// What a file may at most hold.
struct Limits {
  static constexpr std::size_t default_bytes = std::size_t{64} << 20U;
  static constexpr std::size_t default_layers = 1'000'000;

  std::size_t bytes = default_bytes;
  /// Grows with `bytes`.
  [[nodiscard]] std::size_t layers() const;
};

/// Parses and interprets; throws SpecErrors with all mistakes.
Spec read_spec(const Source& source, const Limits& limits = {});
/// The same as far as it can be read: `mistakes` gets the rest. Throws SpecError for a text that
/// is no document.
Spec read_spec(const Source& source, const Limits& limits, MistakeList& mistakes);

/// Reads a regular file whole, or standard input for "-". A model of another program becomes the
/// text of an architecture file. Throws SpecError, at `whole_file`, for what cannot be read or
/// exceeds the limit, and SpecErrors for what a model holds that is not understood.
void load_source(const std::string& path, const Limits& limits, Source& source,
                 const models::ImportOptions& options = {});

/// The architecture file of this name, with its ending or without, of those that come with the
/// program: where it is installed, and beside the folder it is built in. Empty: there is none.
std::string shipped_architecture(const std::string& name);

}  // namespace smoothbound
