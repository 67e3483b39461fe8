// Files in a ZIP archive that are stored as they are, as in those that Keras 3 saves.
#pragma once

#include <string_view>

namespace smoothbound::models::keras {

/// The bytes of a member. Throws SpecError if there is none, it is compressed, or the archive is
/// damaged.
std::string_view stored_member(std::string_view bytes, std::string_view name);

}  // namespace smoothbound::models::keras
