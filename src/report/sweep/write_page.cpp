// A sweep for people: table and Markdown.

#include <fmt/format.h>

#include <algorithm>

#include "shared/words.hpp"
#include "sweep/parts.hpp"

namespace smoothbound {
namespace {

constexpr std::array<TripleEntry, 2> compared{&Triple::lipschitz, &Triple::smoothness};

std::string_view symbol_of(TripleEntry bound) { return bound == &Triple::lipschitz ? "l" : "L"; }

std::string shown(const Magnitude& value) { return value.to_text(words::digits_for_people); }

// "bn_epsilon 1e-4 ... 1e4 (81 values)"
std::string extent_of(const SweepAxis& axis) {
  const std::string& first = axis.values.front().literal;
  if (axis.values.size() == 1) return fmt::format("{} {}", name_of(axis.setting), first);
  return fmt::format("{} {} ... {} ({} values)", name_of(axis.setting), first,
                     axis.values.back().literal, axis.values.size());
}

class SweepPage {
 public:
  SweepPage(const Sweep& sweep, Page& page)
      : sweep_(sweep), page_(page), has_loss_(sweep.base.settings.loss != nullptr) {}

  void write() {
    std::string title = title_of(sweep_.base) + ": network bounds over";
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
      title += fmt::format("{} {}", i == 0 ? "" : ",", extent_of(sweep_.axes[i]));
    }
    page_.title(title);
    write_fixed();
    if (sweep_.against) {
      page_.paragraph(
          fmt::format("against {}; a smaller bound is better", title_of(*sweep_.against)));
    }
    for (std::size_t i = 0; i < sweep_.methods.size(); ++i) {
      page_.heading(fmt::format("method {}", name_of(sweep_.methods[i])));
      write_points(i);
    }
    if (sweep_.against) write_crossings();
    page_.list("infinite values", reasons());
    page_.list("assumptions", sweep_.assumptions);
  }

 private:
  [[nodiscard]] std::string title_of(const Report& report) const {
    return fmt::format("{} ({})", page_.foreign(report.graph.name), page_.foreign(report.file));
  }

  // The settings that stand still.
  void write_fixed() {
    const ResolvedSettings& settings = sweep_.base.settings;
    const auto is_swept = [&](SweepSetting setting) {
      return std::ranges::find(sweep_.axes, setting, &SweepAxis::setting) != sweep_.axes.end();
    };
    std::string line;
    if (!is_swept(SweepSetting::batch)) line += fmt::format("batch {}, ", settings.batch);
    if (!is_swept(SweepSetting::radius)) {
      line += fmt::format("radius {}, ", words::setting(settings.radius));
    }
    if (!is_swept(SweepSetting::input_norm)) line += words::input_norm(sweep_.base);
    page_.paragraph(line + "Euclidean norms, rounded up");
  }

  void write_points(std::size_t method) {
    std::vector<Grid::Column> columns;
    const auto column = [&](std::string_view title, Align align = Align::right,
                            Fit fit = Fit::keep) {
      columns.push_back({std::string(title), align, fit});
    };
    for (const SweepAxis& axis : sweep_.axes) {
      column(name_of(axis.setting), Align::left, Fit::key);
    }
    for (const char* title : {"m", "l", "L"}) column(title);
    if (has_loss_) {
      for (const char* title : {"l_F", "L_F", "iterations"}) column(title);
    }
    if (sweep_.against) {
      for (const char* title : {"l is", "L is"}) column(title, Align::left);
    }
    Grid grid(std::move(columns));
    for (std::size_t point = 0; point < sweep_.point_count(); ++point) {
      for (std::size_t i = 0; i < sweep_.axes.size(); ++i) grid.add(sweep_.value(point, i).literal);
      const SweepBounds& bounds = sweep_.at(point, method);
      add_bounds(grid, bounds, has_loss_);
      if (!sweep_.against) continue;
      const Triple& other = sweep_.other_at(point, method).network;
      for (const auto bound : compared) {
        grid.add(name_of(standing_of(bounds.network.*bound, other.*bound)));
      }
    }
    if (sweep_.against && sweep_.against_axes.empty()) add_other(grid, method);
    page_.grid(grid);
  }

  void add_bounds(Grid& grid, const SweepBounds& bounds, bool has_objective) const {
    const Triple& network = bounds.network;
    grid.add_row({shown(network.m), shown(network.lipschitz), shown(network.smoothness)});
    if (!has_loss_) return;
    if (!has_objective) return grid.add_row({"", "", ""});
    grid.add_row({shown(bounds.objective_lipschitz), shown(bounds.objective_smoothness),
                  words::count(bounds.iterations)});
  }

  // The other network where it is the same at every point.
  void add_other(Grid& grid, std::size_t method) const {
    grid.add(sweep_.against->graph.name);
    for (std::size_t i = 1; i < sweep_.axes.size(); ++i) grid.add("");
    add_bounds(grid, sweep_.other_at(0, method), sweep_.against->settings.loss != nullptr);
    for (std::size_t i = 0; i < compared.size(); ++i) grid.add("");
  }

  void write_crossings() {
    page_.heading(
        fmt::format("crossings along {}", name_of(sweep_.axes[sweep_.crossing_axis].setting)));
    for (const CrossingList& list : sweep_.crossings) {
      std::string line =
          fmt::format("{} {}", name_of(sweep_.methods[list.method]), symbol_of(list.bound));
      std::string separator = " at ";
      for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
        if (i == sweep_.crossing_axis) continue;
        line +=
            fmt::format("{}{} {}", std::exchange(separator, ", "), name_of(sweep_.axes[i].setting),
                        sweep_.value(list.first_point, i).literal);
      }
      page_.entry(0, list.crossings.empty() ? fmt::format("{}: none in the range, {} throughout",
                                                          line, name_of(list.at_lowest))
                                            : line + ":");
      for (const Crossing& crossing : list.crossings) write_crossing(crossing);
    }
  }

  void write_crossing(const Crossing& crossing) {
    const std::string place =
        page_.foreign(fmt::format("[{}, {}]", crossing.low.literal, crossing.high.literal));
    const std::string_view below = name_of(crossing.below);
    page_.entry(1,
                crossing.below == crossing.above
                    ? fmt::format("{}: equal at a single place, {} around it", place, below)
                    : fmt::format("{}: {} below, {} above", place, below, name_of(crossing.above)));
  }

  // Each reason once, in the order of the points.
  [[nodiscard]] std::vector<std::string> reasons() const {
    std::vector<const std::string*> seen;
    const auto add = [&](const std::string* reason) {
      constexpr std::size_t most = 10;
      if (reason == nullptr || seen.size() == most) return;
      if (std::ranges::find(seen, reason) == seen.end()) seen.push_back(reason);
    };
    for (const auto* results : {&sweep_.results, &sweep_.against_results}) {
      for (const SweepBounds& bounds : *results) {
        for (const std::string* reason : bounds.reasons) add(reason);
        add(bounds.objective_reason);
      }
    }
    std::vector<std::string> texts;
    texts.reserve(seen.size());
    for (const std::string* reason : seen) texts.push_back(*reason);
    return texts;
  }

  const Sweep& sweep_;
  Page& page_;
  bool has_loss_;
};

}  // namespace

void write_sweep_page(const Sweep& sweep, Page& page) { SweepPage(sweep, page).write(); }

void write(const Sweep& sweep, Format format, const Sink& sink) {
  constexpr Forms<Sweep> forms{write_sweep_page, write_sweep_csv, write_sweep_json};
  forms.write(sweep, format, sink);
}

}  // namespace smoothbound
