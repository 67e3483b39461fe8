// Text in XML and HTML.
#pragma once

#include <string>
#include <string_view>

namespace smoothbound::xml {

/// Text for content and attributes; controls are shown as the program shows them elsewhere, since
/// XML cannot hold them.
std::string escape(std::string_view text);

}  // namespace smoothbound::xml
