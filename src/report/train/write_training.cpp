// A training run for people and machines.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "run/origin.hpp"
#include "smoothbound/report/train/training.hpp"

namespace smoothbound {
namespace {

std::string measured_text(double value) { return fmt::format("{:.6g}", value); }

// What stands behind "<=". An objective >= 0 may be computed as one below.
std::string rounded_up(double value) {
  return Magnitude::from_double(std::max(value, 0.0)).to_text(words::digits_for_people);
}

// What is at least so much.
std::string rounded_down(double value) {
  return LowerBound::from_double(std::max(value, 0.0)).to_text(words::digits_for_people);
}

// 0, 1, 2, 5, 10, 20, 50, ...
bool is_shown(std::int64_t iteration) {
  while (iteration >= 10 && iteration % 10 == 0) iteration /= 10;
  return iteration == 0 || iteration == 1 || iteration == 2 || iteration == 5;
}

class TrainingWriter {
 public:
  TrainingWriter(const TrainingReport& training, Page& page) : training_(training), page_(page) {}

  void write() {
    const Report& bounds = training_.bounds;
    page_.title(fmt::format("{} ({}) in {}", page_.foreign(bounds.graph.name),
                            page_.foreign(bounds.file), name_of(training_.precision)));
    write_origin(page_, training_.data, training_.parameters, training_.samples);
    ResolvedSettings settings = bounds.settings;
    settings.batch = training_.samples;
    page_.paragraph("objective: " + words::objective(settings));
    write_oracle();
    page_.gap();
    write_iterations();
    page_.gap();
    write_end();
    write_guarantee();
  }

 private:
  [[nodiscard]] bool encloses() const { return training_.rule == StepRule::enclosure; }

  void write_oracle() {
    std::string line =
        fmt::format("oracle: {}", oracle_names()[static_cast<std::size_t>(training_.oracle)]);
    if (training_.is_stochastic()) {
      line += fmt::format(" of {} samples at a time", words::count(training_.mini_batch));
    }
    if (encloses()) {
      line += ", step ";
    } else {
      line += training_.oracle == steps::StepKind::gradient ? ", projected, step " : ", gamma ";
    }
    line += training_.step;
    if (training_.rule == StepRule::certified || training_.rule == StepRule::local) {
      line += fmt::format(" by method {}", name_of(training_.method));
    }
    page_.paragraph(line);
    if (training_.projected > 0) {
      page_.item(fmt::format("{} block{} of the first parameters projected onto the ball",
                             training_.projected, training_.projected == 1 ? "" : "s"));
    }
  }

  void write_iterations() {
    Grid grid(
        {{"k", Align::right, Fit::key},
         {"F(w_k)", Align::right},
         {training_.oracle == steps::StepKind::gradient ? "||g_k||" : "||grad F||", Align::right},
         {encloses() ? "t" : "gamma_k", Align::right},
         {encloses() ? "F(w_k+1) <=" : "L_F", Align::right},
         {encloses() ? "decrease proved" : "oracle calls", Align::right}});
    const std::vector<IterationRecord>& records = training_.records;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const IterationRecord& record = records[i];
      if (!is_shown(record.iteration) && i + 1 < records.size()) continue;
      std::vector<std::string> row{words::count(record.iteration), measured_text(record.objective),
                                   measured_text(record.gradient_mapping),
                                   std::isnan(record.step) ? "" : measured_text(record.step)};
      if (encloses()) {
        row.push_back(record.proof ? rounded_up(record.proof->bound) : "");
        row.push_back(record.proof ? rounded_down(record.proof->proved) : "");
      } else {
        row.push_back(record.smoothness ? record.smoothness->to_text(words::digits_for_people)
                                        : "");
        row.push_back(words::count(record.oracle_calls));
      }
      grid.add_row(std::move(row));
    }
    page_.grid(grid);
  }

  void write_end() {
    const TrainingState& state = training_.state;
    const double first = training_.first_objective();
    std::string line = fmt::format("{} iteration{}", words::count(state.iteration),
                                   state.iteration == 1 ? "" : "s");
    if (training_.interrupted) line += ", interrupted";
    if (training_.last_objective && std::isfinite(first)) {
      line += fmt::format(": F from {} to {}{}", measured_text(first),
                          measured_text(*training_.last_objective),
                          training_.is_stochastic() ? " on all samples" : "");
    }
    page_.paragraph(line);
    if (training_.last_objective && *training_.last_objective > first) {
      page_.paragraph(training_.is_stochastic()
                          ? "F rose: steps on mini-batches may raise it"
                          : "F rose: the steps are too long; line-search finds "
                            "shorter ones");
    }
    page_.paragraph(fmt::format("time: {:.3g} s", state.seconds));
  }

  // Of steps that were proved before they were taken.
  void write_proofs() {
    LowerBound proved;
    double obtained = 0;
    double gradients = 0;
    std::int64_t passes = 0;
    std::int64_t steps = 0;
    for (const IterationRecord& record : training_.records) {
      if (!record.proof) continue;
      proved += LowerBound::from_double(std::max(record.proof->proved, 0.0));
      obtained += record.proof->obtained;
      gradients += record.proof->gradients;
      passes += record.proof->passes;
      ++steps;
    }
    page_.paragraph(fmt::format(
        "each of {} steps was proved to decrease F{} before it was taken: by {} at least in all, "
        "and F fell by {}",
        words::count(steps),
        training_.is_stochastic() ? " of its batch, which says nothing of the others," : "",
        proved.to_text(words::digits_for_people), measured_text(obtained)));
    if (steps > 0) {
      page_.paragraph(fmt::format("cost: {:.3g} gradients a step, {:.3g} pass{} for remainders",
                                  gradients / static_cast<double>(steps),
                                  static_cast<double>(passes) / static_cast<double>(steps),
                                  passes == steps ? "" : "es"));
    }
    if (training_.state.shortened > 0) {
      page_.paragraph(fmt::format("{} of them shortened or bent to stay in the balls",
                                  words::count(training_.state.shortened)));
    }
    if (training_.verdict() == TrainingReport::Verdict::violated) {
      page_.paragraph(
          fmt::format("VIOLATED: after the step of iteration {} F is above its bound: this is a "
                      "defect of the program",
                      training_.state.violation));
    }
  }

  void write_guarantee() {
    const TrainingState& state = training_.state;
    page_.heading("guarantee");
    if (encloses()) return write_proofs();
    if (training_.certified.step == 0) {
      page_.paragraph(fmt::format("none: {}", page_.foreign(training_.certified.reason)));
      return;
    }
    const Magnitude& smoothness = training_.certified.smoothness;
    const std::string constant = smoothness.to_text(words::digits_for_people);
    const bool by_theorem = training_.rule == StepRule::certified;
    if (training_.is_stochastic() && !by_theorem) {
      page_.paragraph("none: Theorem 4.1 is about steps 1/(2 L_F), L_F = " + constant);
      return;
    }
    if (training_.is_stochastic()) {
      const double first = training_.first_objective();
      if (!(first >= 0) || state.iteration == 0) return;
      const Magnitude reached = Magnitude::from_count(4) * smoothness *
                                Magnitude::from_double(first) /
                                LowerBound::from_count(state.iteration);
      page_.paragraph(fmt::format(
          "Theorem 4.1, step 1/(2 L_F), L_F = {}: E||g||^2 <= {} + 2 s^2 at an iterate drawn at "
          "random from the {} of this run, where s^2 is the variance of the stochastic gradient",
          constant, reached.to_text(3), words::count(state.iteration)));
      return;
    }
    const double accuracy = state.smallest_mapping;
    if (!std::isfinite(accuracy)) {
      page_.paragraph("nothing to hold against it: there was no step");
      return;
    }
    if (accuracy == 0) {
      page_.paragraph(
          "Theorem 4.1 counts iterations up to ||g|| <= accuracy > 0; here ||g|| = 0 at "
          "some iterate");
      return;
    }
    const Magnitude predicted = predicted_iterations(smoothness, state.first_objective, accuracy);
    page_.paragraph(fmt::format(
        "Theorem 4.1: with step 1/L_F, L_F = {}, ||g|| <= {} after at most {} iterations, as "
        "F(w_0) - min F <= {}",
        constant, rounded_up(accuracy), words::count(predicted),
        rounded_up(state.first_objective)));
    page_.paragraph(fmt::format("this run: after {}{}", words::count(state.iteration),
                                training_.verdict() == TrainingReport::Verdict::not_applicable
                                    ? ", by steps that are not those of the theorem"
                                    : ""));
    switch (training_.verdict()) {
      case TrainingReport::Verdict::holds:
        page_.paragraph(
            "every step decreased F by gamma ||g||^2 / 2 at least, as certified, up to rounding");
        break;
      case TrainingReport::Verdict::violated:
        page_.paragraph(
            fmt::format("VIOLATED: the step of iteration {} decreased F by less than "
                        "gamma ||g||^2 / 2: this is a defect of the program",
                        state.violation));
        break;
      case TrainingReport::Verdict::not_applicable:
        break;
    }
  }

  const TrainingReport& training_;
  Page& page_;
};

void write_page(const TrainingReport& training, Page& page) {
  TrainingWriter(training, page).write();
}

// A number that is not finite is a text.
void put(JsonWriter& json, std::string_view key, double value) {
  if (std::isfinite(value)) return json.member(key, value);
  json.member(key, fmt::format("{}", value));
}

void put_record(JsonWriter& json, const IterationRecord& record) {
  json.object([&] {
    json.member("iteration", record.iteration);
    put(json, "objective", record.objective);
    put(json, "gradient_mapping", record.gradient_mapping);
    if (!std::isnan(record.step)) json.member("step", record.step);
    if (record.smoothness) json.member("smoothness", json::quantity(*record.smoothness));
    if (record.proof) {
      json.member("bound", record.proof->bound);
      json.member("proved", record.proof->proved);
      put(json, "obtained", record.proof->obtained);
      json.member("gradients", record.proof->gradients);
      json.member("passes", record.proof->passes);
    }
    json.member("oracle_calls", record.oracle_calls);
    json.member("seconds", record.seconds);
  });
}

void write_json(const TrainingReport& training, JsonWriter& json) {
  const TrainingState& state = training.state;
  json::head(json, "smoothbound/train/1");
  json::architecture(json, training.bounds);
  json.member("precision", name_of(training.precision));
  put_origin(json, training.data, training.parameters);
  json.member("samples", training.samples);
  json.member("mini_batch", training.is_stochastic() ? training.mini_batch : training.samples);
  json.member("oracle", oracle_names()[static_cast<std::size_t>(training.oracle)]);
  json.member("step", training.step);
  json.member("method", name_of(training.method));
  json.member("smoothness",
              json::quantity(training.certified.smoothness, training.certified.reason));
  json.member("certified_step", training.certified.step);
  json.member("iterations", state.iteration);
  json.member("interrupted", training.interrupted);
  put(json, "first_objective", training.first_objective());
  if (training.last_objective) put(json, "last_objective", *training.last_objective);
  put(json, "smallest_gradient_mapping", state.smallest_mapping);
  json.member("oracle_calls", state.oracle_calls);
  json.member("seconds", state.seconds);
  const bool predicts = training.certified.step > 0 && !training.is_stochastic() &&
                        std::isfinite(state.smallest_mapping);
  if (predicts) {
    json.member("predicted_iterations",
                json::quantity(predicted_iterations(training.certified.smoothness,
                                                    state.first_objective, state.smallest_mapping),
                               "the gradient mapping is 0"));
  }
  json.member("guarantee", name_of(training.verdict()));
  json.list("records", training.records,
            [&](const IterationRecord& record) { put_record(json, record); });
}

// A row for each record.
void write_csv(const TrainingReport& training, const Sink& sink) {
  std::vector<std::string> columns{"file",      "architecture",     "guarantee", "iteration",
                                   "objective", "gradient_mapping", "step"};
  add_with_log(columns, "smoothness");
  columns.insert(columns.end(), {"oracle_calls", "seconds"});
  const bool has_proofs = training.rule == StepRule::enclosure;
  if (has_proofs) columns.insert(columns.end(), {"bound", "proved", "obtained"});
  CsvWriter csv(sink, columns);
  for (const IterationRecord& record : training.records) {
    csv.add(training.bounds.file, training.bounds.graph.name, name_of(training.verdict()),
            record.iteration, record.objective, record.gradient_mapping);
    std::isnan(record.step) ? csv.skip(1) : csv.add(record.step);
    record.smoothness ? csv.add_with_log(*record.smoothness) : csv.skip(2);
    csv.add(record.oracle_calls, record.seconds);
    if (has_proofs && record.proof) {
      csv.add(record.proof->bound, record.proof->proved, record.proof->obtained);
    } else if (has_proofs) {
      csv.skip(3);
    }
    csv.end_row();
  }
}

}  // namespace

void write(const TrainingReport& training, Format format, const Sink& sink) {
  constexpr Forms<TrainingReport> forms{write_page, write_csv, write_json};
  forms.write(training, format, sink);
}

}  // namespace smoothbound
