// An execution for people: table and Markdown.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "run/parts.hpp"

namespace smoothbound {
namespace {

// Measured numbers end before float32 does: they are the same on other machines, as a rule.
std::string norm_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.3e}", value) : fmt::format("{}", value);
}

// norm / bound; the bound may be beyond the range of doubles.
std::string part_of(const Magnitude& bound, double norm) {
  const auto divisor = LowerBound::from_decimal(bound.to_text(words::digits_for_machines));
  return (Magnitude::from_double(norm) / divisor).to_text(3);
}

std::string percent(double part) { return fmt::format("{:.1f}%", part * 100); }

class RunWriter {
 public:
  RunWriter(const RunReport& run, Page& page) : run_(run), page_(page), graph_(run.bounds.graph) {}

  void write() {
    page_.title(fmt::format("{} ({}) in {}", page_.foreign(graph_.name),
                            page_.foreign(run_.bounds.file), name_of(run_.precision)));
    write_origin(page_, run_.data, run_.parameters, run_.bounds.settings.batch);
    if (!run_.statistics.empty()) {
      page_.paragraph("statistics of batch norm: " + page_.foreign(run_.statistics));
    }
    write_results();
    page_.gap();
    write_layers();
    write_outside();
    write_verdict();
    if (!run_.profile.empty()) write_profile();
    write_notes();
  }

 private:
  void write_results() {
    const std::int64_t batch = run_.bounds.settings.batch;
    page_.paragraph(
        fmt::format("output: {} x {}", words::count(batch), words::shape(graph_.output_shape())));
    if (run_.loss) {
      const RunLoss& loss = *run_.loss;
      if (!loss.value) {
        page_.paragraph("loss not evaluated: " + page_.foreign(loss.reason));
      } else {
        std::string line = fmt::format("loss: {} {:.4g}", loss.name, *loss.value);
        constexpr double visible = 1e-4;
        if (loss.gap > visible * std::abs(*loss.value)) {
          line += fmt::format(", at least {:.4g}", *loss.value - loss.gap);
        }
        page_.paragraph(line);
      }
    }
    if (run_.accuracy) {
      const RunAccuracy& accuracy = *run_.accuracy;
      page_.paragraph(fmt::format(
          "accuracy: {} ({} of {})",
          percent(static_cast<double>(accuracy.correct) / static_cast<double>(accuracy.samples)),
          words::count(accuracy.correct), words::count(accuracy.samples)));
    }
  }

  void write_layers() {
    std::vector<Grid::Column> columns{{"#", Align::right, Fit::index},
                                      {"layer", Align::left, Fit::key},
                                      {"components", Align::left, Fit::shorten},
                                      {"output"},
                                      {"norm", Align::right}};
    for (const MethodReport& result : run_.bounds.results) {
      columns.push_back(
          {several() ? fmt::format("m {}", name_of(result.table.method)) : "m", Align::right});
    }
    columns.push_back({"norm/m", Align::right});
    Grid grid(std::move(columns));
    const bool has_norm = !graph_.input_ids.has_value();
    if (has_norm) add_layer(grid, "", "input", "", graph_.input, run_.input_norm);
    for (std::uint32_t i = 0; i < graph_.layers.size(); ++i) {
      const Layer& layer = graph_.layers[i];
      add_layer(grid, std::to_string(i + 1), layer.name, words::components(layer, " "),
                layer.output, run_.norms[i], i);
    }
    const std::string norm =
        run_.bounds.settings.input_norm.upper.to_text(words::digits_for_people);
    page_.paragraph(
        fmt::format("measured norms ||z|| of the whole batch, and bounds m{}, rounded up",
                    has_norm ? fmt::format(" for ||x|| = {}", norm) : ""));
    page_.gap();
    page_.grid(grid);
  }

  // A row; `layer`: none for the input.
  void add_layer(Grid& grid, const std::string& number, std::string_view name,
                 const std::string& components, const Shape& shape, double norm,
                 std::optional<std::uint32_t> layer = {}) const {
    grid.add_row({number, name, components, words::shape(shape), norm_text(norm)});
    const Magnitude* best = nullptr;
    for (const MethodReport& result : run_.bounds.results) {
      const Magnitude* m = layer ? &result.table.layers[*layer].m : nullptr;
      grid.add(m == nullptr ? "" : m->to_text(words::digits_for_people));
      if (m != nullptr && (best == nullptr || *m < *best)) best = m;
    }
    const bool related = best != nullptr && best->is_finite() && !best->is_zero() &&
                         std::isfinite(norm) && norm >= 0;
    grid.add(related ? part_of(*best, norm) : "");
  }

  void write_outside() {
    if (run_.is_inside()) return;
    page_.heading("parameters outside of their balls");
    Grid grid({{"block", Align::left, Fit::key}, {"norm", Align::right}, {"radius", Align::right}});
    for (const BlockNorm& block : run_.blocks) {
      if (block.inside) continue;
      // As many digits as tell the two apart.
      std::string norm = norm_text(block.norm);
      if (norm == norm_text(block.radius.nearest)) norm = fmt::format("{:.17g}", block.norm);
      grid.add_row({block.name, norm, words::setting(block.radius)});
    }
    page_.grid(grid);
  }

  void write_verdict() {
    page_.gap();
    const std::string tolerance = fmt::format("{:g}", run_.tolerance);
    switch (run_.verdict()) {
      case RunReport::Verdict::holds:
        page_.paragraph("||v|| <= R in every block, and ||z|| <= m in every layer (up to " +
                        tolerance + " m for the rounding of " +
                        std::string(name_of(run_.precision)) + ")");
        break;
      case RunReport::Verdict::outside:
        page_.paragraph(
            "m is about parameters with ||v|| <= R: nothing follows for these, and nothing is "
            "checked");
        break;
      case RunReport::Verdict::exceeded:
        for (std::size_t i = 0; i < run_.bounds.results.size(); ++i) write_exceeded(i);
        page_.paragraph("parameters are inside, and the excess is beyond the " + tolerance +
                        " m that rounding is granted: this is a defect of the program");
        break;
      case RunReport::Verdict::overflow:
        page_.paragraph(
            fmt::format("the values of {} layer{} are not finite in {}, from '{}' on{}",
                        run_.overflown().size(), run_.overflown().size() == 1 ? "" : "s",
                        name_of(run_.precision),
                        page_.foreign(graph_.layers[run_.overflown().front()].name), way_out()));
        break;
    }
  }

  [[nodiscard]] std::string way_out() const {
    return with_remedy("",
                       run_.precision == Precision::float32 ? Remedy::longer_numbers : Remedy::none,
                       run_.bounds.options.words);
  }

  void write_exceeded(std::size_t result) {
    const std::vector<std::uint32_t> layers = run_.exceeded(result);
    constexpr std::size_t most = 10;
    for (std::size_t i = 0; i < std::min(layers.size(), most); ++i) {
      const BoundTable& table = run_.bounds.results[result].table;
      page_.item(fmt::format("VIOLATED: layer '{}', method {}: ||z|| = {:.17g} > m = {}",
                             page_.foreign(graph_.layers[layers[i]].name), name_of(table.method),
                             run_.norms[layers[i]],
                             table.layers[layers[i]].m.to_text(words::digits_for_machines)));
    }
    if (layers.size() > most) page_.item(fmt::format("{} more", layers.size() - most));
  }

  void write_profile() {
    page_.heading("profile");
    const bool parts = run_.samples_at_once < run_.bounds.settings.batch;
    page_.paragraph(
        fmt::format("forward and backward (vjp) after a warm-up, {} sample{} at once{}; GFLOP/s of "
                    "forward, two "
                    "operations for each multiplication",
                    words::count(run_.samples_at_once), run_.samples_at_once == 1 ? "" : "s",
                    parts ? ", all parts together" : ""));
    page_.gap();
    Grid grid({{"layer", Align::left, Fit::key},
               {"forward ms", Align::right},
               {"backward ms", Align::right},
               {"multiplications", Align::right},
               {"GFLOP/s", Align::right},
               {"output bytes", Align::right}});
    const auto add = [&](std::string_view name, const LayerProfile& row) {
      constexpr double milli = 1e3;
      constexpr double giga = 1e9;
      const bool has_rate = row.multiplications > 0 && row.forward_seconds > 0;
      grid.add_row(
          {name, fmt::format("{:.3f}", row.forward_seconds * milli),
           fmt::format("{:.3f}", row.backward_seconds * milli),
           words::count(static_cast<std::int64_t>(row.multiplications)),
           has_rate ? fmt::format("{:.1f}", 2 * row.multiplications / row.forward_seconds / giga)
                    : "",
           row.output_bytes > 0 ? words::count(row.output_bytes) : ""});
    };
    LayerProfile all = run_.reorders;
    for (std::size_t i = 0; i < run_.profile.size(); ++i) {
      const LayerProfile& row = run_.profile[i];
      add(graph_.layers[i].name, row);
      all.forward_seconds += row.forward_seconds;
      all.backward_seconds += row.backward_seconds;
      all.multiplications += row.multiplications;
      all.output_bytes += row.output_bytes;
    }
    add("changes of layout", run_.reorders);
    add("all", all);
    page_.grid(grid);
  }

  // Of the assumptions those on which m depends, and what was done to the network.
  void write_notes() {
    const std::vector<std::string>& lines = run_.bounds.assumptions;
    const std::size_t defaults = run_.bounds.settings.assumptions.size();
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i >= defaults || lines[i].starts_with("radius")) shown.push_back(lines[i]);
    }
    page_.list("assumptions", shown);
  }

  [[nodiscard]] bool several() const { return run_.bounds.results.size() > 1; }

  const RunReport& run_;
  Page& page_;
  const Graph& graph_;
};

}  // namespace

void write_run_page(const RunReport& run, Page& page) { RunWriter(run, page).write(); }

void write(const RunReport& run, Format format, const Sink& sink) {
  constexpr Forms<RunReport> forms{write_run_page, write_run_csv, write_run_json};
  forms.write(run, format, sink);
}

}  // namespace smoothbound
