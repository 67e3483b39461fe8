// smoothbound bound --around: bounds on a ball around the weights of a file.
#include "shared/around_options.hpp"

#include <fmt/format.h>

#include <array>
#include <iostream>

#include "execution_errors.hpp"
#include "hints.hpp"
#include "machine_options.hpp"
#include "run_samples.hpp"
#include "shared/exit_code.hpp"
#include "shared/progress.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/enclosure/certify.hpp"
#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/report/around/around.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/text/data_error.hpp"
#include "verdict_codes.hpp"
#include "weights_source.hpp"

namespace smoothbound::cli {

struct AroundOptions::Typed {
  std::string around;
  bool measures = false;
  bool takes_columns = false;
  SampleOptions samples{true};
  MachineOptions machine{Precision::float64};

  [[nodiscard]] std::string hint_for(const MemoryShortage& error) const;
  // The first of those that nothing but bounds around weights takes; or empty.
  [[nodiscard]] std::string first_given() const {
    if (measures) return "--measure";
    if (takes_columns) return "--hessian";
    const std::string of_machine = machine.first_given();
    return of_machine.empty() ? samples.first_given() : of_machine;
  }
};

namespace {

// What the options come to.
AroundReport compute(AroundRequest request) {
  Progress progress;
  AroundProgress show;
  if (Progress::is_wanted()) {
    show = [&progress](std::int64_t done, std::int64_t all, std::string_view what) {
      progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(all), what);
    };
  }
  return bound_around(std::move(request), show);
}

}  // namespace

AroundOptions::AroundOptions() : typed_(std::make_unique<Typed>()) {}
AroundOptions::~AroundOptions() = default;

void AroundOptions::add_to(Command& command) {
  command.group(OptionGroup::parameters);
  command.option(
      "--around", typed_->around,
      "bounds on the ball of --radius (0) around the weights of this file, and not around "
      "0: Cor 4.5, with certified operator norms",
      "FILE");
  command.flag("--measure", typed_->measures,
               "with --around: also search for large values, and tell them beside their bounds");
  command.flag("--hessian", typed_->takes_columns,
               "with --around and samples: bound the Hessian of the objective by all of its "
               "columns, one Hessian product for each parameter");
  typed_->samples.add_to(command);
  typed_->machine.add_to(command);
}

const std::string& AroundOptions::file(const CommandLine& line) const {
  if (!typed_->around.empty()) return typed_->around;
  if (const std::string option = typed_->first_given(); !option.empty()) {
    throw SpecError(line.locate_last({option}), fmt::format("{} is about weights", option),
                    "name a file of them by --around, or leave it out");
  }
  return typed_->around;
}

std::string AroundOptions::Typed::hint_for(const MemoryShortage& error) const {
  std::string fewer = "take fewer with --samples, or allow more with --memory";
  if (!error.all_at_once || error.samples == 1) return fewer;
  if (measures) return "--measure searches all samples at once: " + fewer;
  if (takes_columns) return "--hessian takes all samples at once: " + fewer;
  return "batch normalization needs all samples at once: " + fewer;
}

int AroundOptions::run(const AroundCall& call, const CommandLine& line) {
  AroundRequest request;
  request.options = call.options;
  request.limits = call.limits;
  request.radius = request.options.overrides.radius.value_or(Real());
  request.options.overrides.radius.reset();
  request.measures = typed_->measures;
  WeightsOptions weights = call.weights;
  weights.file = typed_->around;
  request.parameters = weights_source(weights, line);
  request.memory = typed_->machine.memory_limit(line);
  typed_->machine.apply_threads(line);
  if (typed_->samples.are_named()) {
    constexpr std::uint64_t seed = 1;
    request.samples = typed_->samples.open(line, seed, request.options.overrides);
  } else if (const std::string option = typed_->samples.first_given(); !option.empty()) {
    throw SpecError(line.locate_last({option}), fmt::format("{} is about samples", option),
                    "name them by --data or --input, or leave it out");
  }
  request.takes_columns = typed_->takes_columns;
  if (request.takes_columns && (!request.samples || !request.radius.upper.is_zero())) {
    throw SpecError(line.locate_last({"--hessian"}),
                    "--hessian is about the objective on samples, at the weights themselves",
                    "name samples by --data or --input, and leave --radius out");
  }
  Source source;
  try {
    load_source(call.file, call.limits, source);
    request.source = source;
    const AroundReport report = compute(std::move(request));
    smoothbound::write(report, call.format,
                       [&](std::string_view text) { call.output.write(text); });
    call.output.commit();
    if (!report.exceeded().empty()) return regression;
    return report.has_finite_answer() ? success : no_answer;
  } catch (const NoSuchLayer& error) {
    std::cerr << line.render(SpecError(line.scalar("--explain", *call.options.explain).location,
                                       fmt::format("{}: {}", source.name, error.what()),
                                       error.hint));
    return bad_input;
  } catch (const NothingToCertify& error) {
    refuse_lossless(call.file, error);
  } catch (const LabelsMissing& error) {
    refuse(error);
  } catch (const MemoryShortage& error) {
    throw DataError(call.file,
                    fmt::format("bounds for {} sample{} take {}, and there are {}", error.samples,
                                error.samples == 1 ? "" : "s", memory_to_text(error.needed),
                                memory_to_text(error.allowed)),
                    typed_->hint_for(error));
  } catch (const NotEnclosed& error) {
    std::cerr << render(DataError(call.file, error.what(),
                                  typed_->takes_columns
                                      ? "without --hessian, norms of layers bound the objective"
                                      : "without samples, bounds for all inputs need no rule"));
    return no_answer;
  } catch (...) {
    return explain_error({call.file, source, typed_->samples, line});
  }
}

}  // namespace smoothbound::cli
