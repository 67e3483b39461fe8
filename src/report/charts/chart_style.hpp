// Colours of charts and pages. Series take the hues of Okabe and Ito, told apart by colour-blind
// people, in shades that keep a contrast of 3:1 to the background; text has 4.5:1.
#pragma once

#include <array>
#include <string_view>

namespace smoothbound {

struct Theme {
  std::string_view background;
  std::string_view text;
  std::string_view muted;  // notes and tick labels
  std::string_view link;
  std::string_view grid;   // lines that may be faint
  std::string_view panel;  // behind table heads
  std::array<std::string_view, 8> series;
};

inline constexpr Theme light_theme{
    "#ffffff",
    "#1b1f24",
    "#57606a",
    "#0060a0",
    "#dfe3e8",
    "#f4f6f8",
    {"#0072b2", "#d55e00", "#009068", "#b5568c", "#a87000", "#3a8fc4", "#847800", "#1b1f24"}};
inline constexpr Theme dark_theme{
    "#14171c",
    "#e8eaed",
    "#a8b0ba",
    "#7cc0f0",
    "#2f353d",
    "#1e232a",
    {"#56b4e9", "#f0803c", "#1fb58a", "#cc79a7", "#e69f00", "#4a90d0", "#f0e442", "#e8eaed"}};

}  // namespace smoothbound
