#include "execution_errors.hpp"

#include <iostream>
#include <stdexcept>

#include "hints.hpp"
#include "shared/exit_code.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/runtime/kernel.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound::cli {

int explain_error(const Execution& execution) {
  const CommandLine& line = execution.line;
  try {
    throw;
  } catch (const SpecError& error) {
    std::cerr << render(execution.source, error);
    return bad_input;
  } catch (const TooFewSamples& error) {
    execution.samples.refuse(line, error);
  } catch (const TargetsNotTaken& error) {
    SampleOptions::refuse(line, error);
  } catch (const IdsAsNumbers& error) {
    SampleOptions::refuse(line, error);
  } catch (const std::overflow_error& error) {
    throw DataError(execution.file, error.what(), radius_hint);
  } catch (const NotExecutable& error) {
    std::cerr << render(DataError(execution.file, error.what(), not_executable_hint));
    return no_answer;
  }
}

void refuse(const LabelsMissing& error) {
  throw DataError(error.data, error.what(),
                  error.loss->labels == LabelKind::classes
                      ? "--labels takes a file with the class of each sample"
                      : "--labels takes a file with classes, --targets one with numbers");
}

void refuse_lossless(const std::string& file, const std::exception& error) {
  throw DataError(file, error.what(), "add 'loss: logistic' to it, or give --loss");
}

}  // namespace smoothbound::cli
