// A sweep as a table for people and as CSV.

#include <fmt/format.h>

#include <algorithm>

#include "shared/grid.hpp"
#include "shared/text.hpp"
#include "smoothbound/report/sweep/sweep.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

constexpr std::array<Magnitude Triple::*, 2> compared{&Triple::lipschitz, &Triple::smoothness};

std::string_view symbol_of(Magnitude Triple::*bound) {
  return bound == &Triple::lipschitz ? "l" : "L";
}

std::string shown(const Magnitude& value) { return value.to_text(text::digits_for_people); }

// "bn_epsilon 1e-4 ... 1e4 (81 values)"
std::string extent_of(const SweepAxis& axis) {
  const std::string& first = axis.values.front().literal;
  if (axis.values.size() == 1) return fmt::format("{} {}", name_of(axis.setting), first);
  return fmt::format("{} {} ... {} ({} values)", name_of(axis.setting), first,
                     axis.values.back().literal, axis.values.size());
}

class TablePage {
 public:
  TablePage(const Sweep& sweep, const Sink& sink) : sweep_(sweep), sink_(sink) {}

  void write() {
    sink_(fmt::format("{}: network bounds over", title_of(sweep_.base)));
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
      sink_(fmt::format("{} {}", i == 0 ? "" : ",", extent_of(sweep_.axes[i])));
    }
    sink_("\n");
    write_fixed();
    if (sweep_.against) {
      sink_(fmt::format("against {}; a smaller bound is better\n", title_of(*sweep_.against)));
    }
    for (std::size_t i = 0; i < sweep_.methods.size(); ++i) {
      sink_(fmt::format("\nmethod {}\n", name_of(sweep_.methods[i])));
      write_points(i);
    }
    if (sweep_.against) write_crossings();
    write_reasons();
    if (!sweep_.assumptions.empty()) sink_("\nassumptions\n");
    for (const std::string& line : sweep_.assumptions) {
      sink_(fmt::format("  - {}\n", escape_controls(line)));
    }
  }

 private:
  static std::string title_of(const Report& report) {
    return fmt::format("{} ({})", escape_controls(report.graph.name), escape_controls(report.file));
  }

  // The settings that stand still.
  void write_fixed() const {
    const ResolvedSettings& settings = sweep_.base.settings;
    const auto is_swept = [&](SweepSetting setting) {
      return std::ranges::find(sweep_.axes, setting, &SweepAxis::setting) != sweep_.axes.end();
    };
    std::string line;
    if (!is_swept(SweepSetting::batch)) line += fmt::format("batch {}, ", settings.batch);
    if (!is_swept(SweepSetting::radius)) {
      line += fmt::format("radius {}, ", text::setting(settings.radius));
    }
    if (!is_swept(SweepSetting::input_norm)) {
      line += fmt::format("||x|| <= {}, ", text::setting(settings.input_norm));
    }
    sink_(line + "Euclidean norms, rounded up\n");
  }

  void write_points(std::size_t method) {
    const bool has_loss = sweep_.base.settings.loss != nullptr;
    std::vector<Grid::Column> columns;
    const auto column = [&](std::string_view title, Grid::Align align = Grid::Align::right) {
      columns.push_back({std::string(title), align});
    };
    for (const SweepAxis& axis : sweep_.axes) column(name_of(axis.setting), Grid::Align::left);
    for (const char* title : {"m", "l", "L"}) column(title);
    if (has_loss) {
      for (const char* title : {"l_F", "L_F", "iterations"}) column(title);
    }
    if (sweep_.against) {
      for (const char* title : {"l is", "L is"}) column(title, Grid::Align::left);
    }
    Grid grid(std::move(columns));
    std::vector<std::string> cells;
    for (std::size_t point = 0; point < sweep_.point_count(); ++point) {
      const SweepBounds& bounds = sweep_.at(point, method);
      cells.clear();
      for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
        cells.push_back(sweep_.value(point, i).literal);
      }
      add_bounds(cells, bounds, has_loss);
      if (sweep_.against) {
        const Triple& other = sweep_.other_at(point, method).network;
        for (const auto bound : compared) {
          cells.emplace_back(name_of(compare(bounds.network.*bound, other.*bound)));
        }
      }
      add_row(grid, cells);
    }
    if (sweep_.against && sweep_.against_axes.empty()) add_other(grid, method, has_loss);
    grid.write_text("  ", sink_);
  }

  static void add_bounds(std::vector<std::string>& cells, const SweepBounds& bounds,
                         bool has_loss) {
    const Triple& network = bounds.network;
    cells.insert(cells.end(),
                 {shown(network.m), shown(network.lipschitz), shown(network.smoothness)});
    if (!has_loss) return;
    cells.insert(cells.end(), {shown(bounds.objective_lipschitz),
                               shown(bounds.objective_smoothness), text::count(bounds.iterations)});
  }

  static void add_row(Grid& grid, const std::vector<std::string>& cells) {
    const std::vector<std::string_view> views(cells.begin(), cells.end());
    grid.add_row(views);
  }

  // The other network where it is the same at every point.
  void add_other(Grid& grid, std::size_t method, bool has_loss) const {
    std::vector<std::string> cells{sweep_.against->graph.name};
    cells.resize(sweep_.axes.size());
    add_bounds(cells, sweep_.other_at(0, method), false);
    if (has_loss) {
      cells.resize(cells.size() + 3);
      if (sweep_.against->settings.loss != nullptr) {
        cells.resize(sweep_.axes.size());
        add_bounds(cells, sweep_.other_at(0, method), true);
      }
    }
    cells.resize(cells.size() + compared.size());
    add_row(grid, cells);
  }

  void write_crossings() {
    const SweepAxis& axis = sweep_.axes[sweep_.crossing_axis];
    sink_(fmt::format("\ncrossings along {}\n", name_of(axis.setting)));
    for (const CrossingList& list : sweep_.crossings) {
      std::string line =
          fmt::format("  {} {}", name_of(sweep_.methods[list.method]), symbol_of(list.bound));
      std::string separator = " at ";
      for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
        if (i == sweep_.crossing_axis) continue;
        line +=
            fmt::format("{}{} {}", std::exchange(separator, ", "), name_of(sweep_.axes[i].setting),
                        sweep_.value(list.first_point, i).literal);
      }
      if (list.crossings.empty()) {
        sink_(fmt::format("{}: none in the range, {} throughout\n", line, name_of(list.at_lowest)));
        continue;
      }
      sink_(line + ":\n");
      for (const Crossing& crossing : list.crossings) write_crossing(crossing);
    }
  }

  void write_crossing(const Crossing& crossing) {
    const std::string place = fmt::format("[{}, {}]", crossing.low.literal, crossing.high.literal);
    if (crossing.below == crossing.above) {
      sink_(fmt::format("    {}: equal at a single place, {} around it\n", place,
                        name_of(crossing.below)));
    } else {
      sink_(fmt::format("    {}: {} below, {} above\n", place, name_of(crossing.below),
                        name_of(crossing.above)));
    }
  }

  // Each reason once, in the order of the points.
  void write_reasons() {
    std::vector<const std::string*> seen;
    const auto add = [&](const std::string* reason) {
      if (reason == nullptr || std::ranges::find(seen, reason) != seen.end()) return;
      constexpr std::size_t most = 10;
      if (seen.size() < most) seen.push_back(reason);
    };
    for (const auto* results : {&sweep_.results, &sweep_.against_results}) {
      for (const SweepBounds& bounds : *results) {
        for (const std::string* reason : bounds.reasons) add(reason);
        add(bounds.objective_reason);
      }
    }
    if (!seen.empty()) sink_("\ninfinite values\n");
    for (const std::string* reason : seen) {
      sink_(fmt::format("  - {}\n", escape_controls(*reason)));
    }
  }

  const Sweep& sweep_;
  const Sink& sink_;
};

// Rows of the CSV; a cell that is not set is empty.
class CsvRows {
 public:
  CsvRows(const Sweep& sweep, const Sink& sink) : sweep_(sweep), sink_(sink) {}

  void write() {
    std::string header = "file,architecture,against,method,record";
    for (const SweepAxis& axis : sweep_.axes) header += fmt::format(",{}", name_of(axis.setting));
    for (const char* name :
         {"m", "lipschitz", "smoothness", "objective_lipschitz", "objective_smoothness",
          "iterations", "against_m", "against_lipschitz", "against_smoothness"}) {
      header += fmt::format(",{0},{0}_log10", name);
    }
    sink_(header + ",bound,low,high,below,above,note\n");
    for (std::size_t point = 0; point < sweep_.point_count(); ++point) {
      for (std::size_t i = 0; i < sweep_.methods.size(); ++i) write_point(point, i);
    }
    for (const CrossingList& list : sweep_.crossings) {
      for (const Crossing& crossing : list.crossings) write_crossing(list, crossing);
    }
    for (const std::string& line : sweep_.assumptions) {
      begin("", "assumption");
      sink_(std::string(sweep_.axes.size() + numbers + crossing_cells, ','));
      sink_(fmt::format(",{}\n", text::csv_cell(line)));
    }
  }

 private:
  static constexpr std::size_t numbers = 18;
  static constexpr std::size_t crossing_cells = 5;

  void begin(std::string_view method, std::string_view record) {
    sink_(fmt::format(
        "{},{},{},{},{}", text::csv_cell(sweep_.base.file), text::csv_cell(sweep_.base.graph.name),
        sweep_.against ? text::csv_cell(sweep_.against->graph.name) : "", method, record));
  }

  void number(const Magnitude& value) {
    sink_(fmt::format(",{},{}", value.to_text(text::digits_for_machines),
                      text::csv_logarithm(value)));
  }

  void write_point(std::size_t point, std::size_t method) {
    const SweepBounds& bounds = sweep_.at(point, method);
    begin(name_of(sweep_.methods[method]), "point");
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
      sink_(fmt::format(",{}", sweep_.value(point, i).literal));
    }
    write_triple(bounds.network);
    if (sweep_.base.settings.loss != nullptr) {
      number(bounds.objective_lipschitz);
      number(bounds.objective_smoothness);
      number(bounds.iterations);
    } else {
      sink_(",,,,,,");
    }
    if (sweep_.against) {
      write_triple(sweep_.other_at(point, method).network);
    } else {
      sink_(",,,,,,");
    }
    sink_(",,,,,,\n");
  }

  void write_triple(const Triple& triple) {
    number(triple.m);
    number(triple.lipschitz);
    number(triple.smoothness);
  }

  void write_crossing(const CrossingList& list, const Crossing& crossing) {
    begin(name_of(sweep_.methods[list.method]), "crossing");
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
      sink_(",");
      if (i != sweep_.crossing_axis) sink_(sweep_.value(list.first_point, i).literal);
    }
    sink_(std::string(numbers, ','));
    sink_(fmt::format(",{},{},{},{},{},\n",
                      list.bound == &Triple::lipschitz ? "lipschitz" : "smoothness",
                      crossing.low.literal, crossing.high.literal, name_of(crossing.below),
                      name_of(crossing.above)));
  }

  const Sweep& sweep_;
  const Sink& sink_;
};

}  // namespace

void write_sweep_table(const Sweep& sweep, const Sink& sink) { TablePage(sweep, sink).write(); }

void write_sweep_csv(const Sweep& sweep, const Sink& sink) { CsvRows(sweep, sink).write(); }

}  // namespace smoothbound
