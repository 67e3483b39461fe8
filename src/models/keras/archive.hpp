// Files in a ZIP archive that are stored as they are, as in those that Keras 3 saves.
#pragma once

#include <optional>
#include <string_view>

namespace smoothbound::models::keras {

/// The bytes of a member, or nothing if there is none. Throws SpecError if it is compressed, or the
/// archive is damaged.
std::optional<std::string_view> find_member(std::string_view bytes, std::string_view name);

}  // namespace smoothbound::models::keras
