#include <tools/learning/fetch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <core/crypto/sha256.hpp>
#include <core/hex.hpp>
#include <ml/data/limits.hpp>
#include <ml/data/source.hpp>
#include <tools/client/http_client.hpp>

namespace polis::tools::learning {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPortionBytes = std::uint64_t{4} << 20;
constexpr std::chrono::seconds kPortionPatience{60};
constexpr unsigned kHttpOk = 200;
constexpr unsigned kHttpPartial = 206;
constexpr unsigned kHttpBehindEnd = 416;
constexpr std::string_view kHttp = "http://";
constexpr std::string_view kFile = "file://";

struct CatalogueFile {
    std::string_view name;
    std::string_view sha256;
};

struct Collection {
    std::string_view name;
    std::span<const CatalogueFile> files;
    std::span<const std::string_view> mirrors;
};

/// Source: Y. LeCun, C. Cortes, C. Burges, the MNIST database of handwritten digits.
constexpr std::array<CatalogueFile, 4> kMnist = {
    {{"train-images-idx3-ubyte.gz",
      "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
     {"train-labels-idx1-ubyte.gz",
      "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
     {"t10k-images-idx3-ubyte.gz",
      "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
     {"t10k-labels-idx1-ubyte.gz",
      "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}}};
constexpr std::array<std::string_view, 2> kMnistMirrors = {
    "http://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://storage.googleapis.com/cvdf-datasets/mnist/"};
constexpr std::array<Collection, 1> kCatalogue = {{{"mnist", kMnist, kMnistMirrors}}};

struct Url {
    HttpAddress host;
    std::string target;
};

Fallible<Url> parse_url(const std::string& text) {
    if (text.starts_with("https://")) {
        return wrong_usage(fmt::format(
            "{}: this program speaks no TLS; fetch it with a browser or curl and name the file, "
            "or use an http:// mirror with --sha256",
            text));
    }
    const std::string rest = text.substr(std::min(kHttp.size(), text.size()));
    const std::size_t slash = rest.find('/');
    std::string host = rest.substr(0, slash);
    if (host.rfind(':') == std::string::npos || host.ends_with(']')) {
        host += ":80";
    }
    const auto address = parse_http_address(host);
    const bool odd = std::ranges::any_of(text, [](char c) { return c <= ' ' || c == '\x7f'; });
    if (!text.starts_with(kHttp) || slash == std::string::npos || !address || odd) {
        return wrong_usage(fmt::format("'{}' is no URL like http://example.org/data.csv", text));
    }
    return Url{*address, rest.substr(slash)};
}

std::unexpected<Failure> cannot_write(const fs::path& path) {
    return std::unexpected(
        Failure(fmt::format("cannot write {}; check space and permissions", path.string())));
}

Fallible<void> write(const fs::path& path, std::string_view bytes, bool append) {
    std::ofstream out(path, std::ios::binary | (append ? std::ios::app : std::ios::trunc));
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) {
        return cannot_write(path);
    }
    return {};
}

Failure unreachable(const std::string& url, const ClientError& error) {
    const bool late = error.kind == ClientErrorKind::kTimeout;
    return Failure(
        fmt::format(
            "cannot get {}: {}; is there a network? run it again to go on, or choose a --mirror",
            url,
            late ? "no answer in time" : error.message),
        late ? FailureKind::kTimeout : FailureKind::kFailed);
}

/// Fills the file from where it ends. Without ranges a server gives the whole at once.
Fallible<void> download(const std::string& text, const fs::path& part) {
    POLIS_TRY(const Url url, parse_url(text));
    HttpClient client(url.host);
    while (true) {
        std::error_code absent;
        const std::uintmax_t known = fs::file_size(part, absent);
        const std::uint64_t offset = absent ? 0 : known;
        if (offset > data::kFileBytesMax) {
            return std::unexpected(Failure(text + " is larger than a dataset may be"));
        }
        const auto answer = client.send(
            {.method = "GET",
             .target = url.target,
             .body = {},
             .content_type = {},
             .token = {},
             .range = fmt::format("bytes={}-{}", offset, offset + kPortionBytes - 1)},
            kPortionPatience);
        if (!answer) {
            return std::unexpected(unreachable(text, answer.error()));
        }
        if (answer->status == kHttpBehindEnd && offset > 0) {
            return {};
        }
        if (answer->status != kHttpOk && answer->status != kHttpPartial) {
            return std::unexpected(Failure(fmt::format(
                "{} answers with HTTP status {}; check the address, or choose a --mirror",
                text,
                answer->status)));
        }
        const bool partial = answer->status == kHttpPartial;
        POLIS_TRY_VOID(write(part, answer->body, partial));
        if (!partial || answer->body.size() < kPortionBytes) {
            return {};
        }
    }
}

Fallible<FetchedFile> described(const fs::path& path) {
    const auto bytes = data::read_file(path.string());
    if (!bytes) {
        return std::unexpected(Failure(bytes.error().text()));
    }
    FetchedFile out;
    out.path = path.string();
    out.sha256 = crypto::sha256({*bytes});
    out.bytes = bytes->size();
    return out;
}

/// One file from one place. @param wanted nothing: any bytes will do
Fallible<FetchedFile> fetch_one(
    const std::string& url, const fs::path& target, const std::optional<Hash>& wanted) {
    std::error_code ignored;
    if (wanted && fs::exists(target, ignored)) {
        POLIS_TRY(FetchedFile there, described(target));
        there.checked = there.sha256 == *wanted;
        if (there.checked) {
            return there;
        }
    }
    const fs::path part = target.string() + ".part";
    if (!wanted) {
        fs::remove(part, ignored);  // nothing would tell whether it begins the same file
    }
    if (url.starts_with(kFile)) {
        std::error_code failed;
        fs::copy_file(url.substr(kFile.size()), part, fs::copy_options::overwrite_existing, failed);
        if (failed) {
            return std::unexpected(
                Failure(fmt::format("cannot copy {}: {}; check the path", url, failed.message())));
        }
    } else {
        POLIS_TRY_VOID(download(url, part));
    }
    POLIS_TRY(FetchedFile out, described(part));
    if (wanted && out.sha256 != *wanted) {
        fs::remove(part, ignored);
        return std::unexpected(Failure(fmt::format(
            "{} has the SHA-256 {}, not {}: it was thrown away; choose another --mirror",
            url,
            to_hex(out.sha256.view()),
            to_hex(wanted->view()))));
    }
    std::error_code failed;
    fs::rename(part, target, failed);
    if (failed) {
        return cannot_write(target);
    }
    out.path = target.string();
    out.checked = wanted.has_value();
    out.fresh = true;
    return out;
}

Fallible<FetchedFile> fetch_from_any(
    const CatalogueFile& file, std::span<const std::string> mirrors, const fs::path& folder) {
    const auto digest = fixed_from_hex<Hash>(file.sha256);
    Fallible<FetchedFile> last = std::unexpected(Failure("there is no mirror; name a --mirror"));
    for (const std::string& mirror : mirrors) {
        last = fetch_one(mirror + std::string(file.name), folder / file.name, digest);
        if (last) {
            break;
        }
    }
    return last;
}

Fallible<std::vector<FetchedFile>> fetch_collection(
    const Collection& collection,
    const FetchRequest& request,
    const std::function<void(std::string_view line)>& say) {
    std::vector<std::string> mirrors(collection.mirrors.begin(), collection.mirrors.end());
    if (!request.mirror.empty()) {
        mirrors = {request.mirror + (request.mirror.ends_with('/') ? "" : "/")};
    }
    std::vector<FetchedFile> out;
    for (const CatalogueFile& file : collection.files) {
        say(fmt::format("fetching {}", file.name));
        POLIS_TRY(FetchedFile one, fetch_from_any(file, mirrors, request.folder));
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace

std::vector<std::string_view> catalogue() {
    std::vector<std::string_view> out;
    std::ranges::transform(kCatalogue, std::back_inserter(out), &Collection::name);
    return out;
}

Fallible<std::vector<FetchedFile>> fetch(
    const FetchRequest& request, const std::function<void(std::string_view line)>& say) {
    const auto known = std::ranges::find(kCatalogue, request.source, &Collection::name);
    if (known == kCatalogue.end() && request.source.find("://") == std::string::npos) {
        return wrong_usage(fmt::format(
            "'{}' is neither a collection that is known here ({}) nor a URL",
            request.source,
            fmt::join(catalogue(), ", ")));
    }
    std::error_code failed;
    fs::create_directories(request.folder, failed);
    if (failed) {
        return cannot_write(request.folder);
    }
    if (known != kCatalogue.end()) {
        return fetch_collection(*known, request, say);
    }
    const std::string name = request.source.substr(request.source.rfind('/') + 1);
    if (name.empty() || name.starts_with('.') || name.find('?') != std::string::npos) {
        return wrong_usage(fmt::format("'{}' does not end with a file name", request.source));
    }
    say(fmt::format("fetching {}", name));
    POLIS_TRY(
        FetchedFile one,
        fetch_one(request.source, fs::path(request.folder) / name, request.sha256));
    return std::vector{std::move(one)};
}

}  // namespace polis::tools::learning
