#!/usr/bin/env bash
# Prepare this folder: system packages where they are missing, then the locked Python environment.
#
#   scripts/setup.sh app     what the worksheets and the printed lists need
#   scripts/setup.sh lint    the environment with the developers' tools
#   scripts/setup.sh test    all of that, and Chromium, Poppler and PostgreSQL for the tests
#
# A second run finds its stamp in .setup/ and does nothing. Nothing here asks a question: what this
# user may not install ends in one sentence that names the command to run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:-app}
case $mode in app | lint | test) ;; *)
  echo "usage: scripts/setup.sh app|lint|test" >&2
  exit 2
  ;;
esac

# fail CHINESE ENGLISH – the one sentence, in both languages, and the end.
fail() {
  printf '\n%s\n%s\n\n' "$1" "$2" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# ---- System packages -------------------------------------------------------

# Prints those of the named Debian packages that are not installed and, as far as apt's lists go, exist:
# older systems have no libharfbuzz-subset0 of its own, Ubuntu no Chromium but as a snap. What is then
# really missing is found out below, by trying it.
absent() {
  local package
  for package in "$@"; do
    if [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) != installed ]] &&
      { ! apt_knows libc6 || apt_knows "$package"; }; then
      echo "$package"
    fi
  done
}

# Whether the lists name the package; a fresh machine has no lists yet, which is why libc6 is asked for too.
apt_knows() { apt-cache madison "$1" 2>/dev/null | grep -q .; }

# Runs a command as root, or fails where this user may not.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif has sudo && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 126
  fi
}

# install PACKAGE… – those of them that are missing, with apt, or one sentence.
install() {
  local missing=()
  mapfile -t missing < <(absent "$@")
  [[ ${#missing[@]} != 0 ]] || return 0
  local command="sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
  local advice=("缺少系统软件包，请由管理员运行：${command} ，然后再运行一次 make。"
    "System packages are missing; have an administrator run: ${command} – then run make again.")
  as_root true || fail "${advice[@]}"
  echo "正在安装系统软件包 / installing system packages: ${missing[*]}" >&2
  # Stale lists are worth a try: the packages may be in the machine's own cache.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >.setup/apt.log 2>&1 || true
  mapfile -t missing < <(absent "$@")
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" \
    >>.setup/apt.log 2>&1 || { tail -n 5 .setup/apt.log >&2 && fail "${advice[@]}"; }
}

chromium_here() {
  has chromium || has chromium-browser || has google-chrome || compgen -G ".setup/browsers/chromium-*" >/dev/null ||
    [[ -d "/Applications/Google Chrome.app" || -d /Applications/Chromium.app ]]
}

postgres_here() { has pg_ctl || compgen -G "/usr/lib/postgresql/*/bin/pg_ctl" >/dev/null; }

system_packages() {
  # Elsewhere (macOS, other Linux) the README says what to install by hand; printing_works checks it.
  has dpkg-query && has apt-get || return 0
  local wanted=()
  [[ $mode == lint ]] || wanted+=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk)
  uv_here || python_makes_venvs || wanted+=(python3 python3-venv)
  if [[ $mode == test ]]; then
    wanted+=(poppler-utils libatomic1) # the second for Playwright's driver
    postgres_here || wanted+=(postgresql)
    chromium_here || wanted+=(chromium)
  fi
  install "${wanted[@]}"
}

# ---- The Python environment ------------------------------------------------

private_uv=.setup/uv/bin/uv

uv_here() { has uv || [[ -x $private_uv ]]; }

python_makes_venvs() { has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

# Prints the path of a usable uv; makes a private one where the machine has none.
find_uv() {
  if has uv && uv --version >/dev/null 2>&1; then
    command -v uv
    return
  fi
  if ! [[ -x $private_uv ]]; then
    python_makes_venvs ||
      fail "没有找到 uv，也没有可用的 Python 3；请先安装 uv（https://docs.astral.sh/uv/），然后再运行一次 make。" \
        "Neither uv nor a usable Python 3 was found; install uv first (https://docs.astral.sh/uv/) – then run make again."
    # In a folder of our own: system Pythons refuse packages from pip (PEP 668).
    echo "正在准备 uv / preparing uv" >&2
    python3 -m venv --clear .setup/uv >&2 && .setup/uv/bin/pip install --quiet --disable-pip-version-check uv >&2 ||
      fail "无法下载 uv；请检查网络后再运行一次 make。" "Could not download uv; check the network, then run make again."
  fi
  echo "$PWD/$private_uv"
}

# What the environment is made from.
state() { cat uv.lock pyproject.toml | { sha256sum 2>/dev/null || shasum -a 256; }; }

# An environment whose Python is gone (a system upgrade), or whose scripts point into the folder it was
# moved from, cannot be repaired; it is made anew.
drop_broken_environment() {
  [[ -d .venv ]] || return 0
  if ! .venv/bin/python -c '' 2>/dev/null || [[ -f .setup/folder && $(<.setup/folder) != "$PWD" ]]; then
    rm -rf .venv .setup/*.stamp
  fi
}

environment() {
  local stamp=.setup/$1.stamp now uv flags=(--frozen --inexact)
  now=$(state)
  drop_broken_environment
  if [[ -x .venv/bin/casework && -f $stamp && $(<"$stamp") == "$now" ]]; then
    return
  fi
  # --frozen takes the lock as it is, also where the user's own settings name a mirror (--locked would
  # compare them and refuse); a test holds the lock against pyproject.toml.
  # --inexact: `make app` after `make test` leaves the developers' tools where they are.
  [[ $1 == app ]] && flags+=(--no-dev)
  uv=$(find_uv)
  rm -f "$stamp"
  "$uv" python find --quiet --no-python-downloads '>=3.11' >/dev/null 2>&1 || "$uv" python install 3.12 ||
    fail "需要 Python 3.11 或更新版本，本机没有，也无法自动下载；请先安装，然后再运行一次 make。" \
      "Python 3.11 or newer is needed; this machine has none and it could not be downloaded; install it – then run make again."
  echo "正在准备 Python 环境 / preparing the Python environment" >&2
  # First from what the machine already has, which also works offline; then from the network.
  "$uv" sync --quiet --offline "${flags[@]}" 2>/dev/null || "$uv" sync "${flags[@]}" ||
    fail "无法准备 Python 环境（首次安装需要网络）；原因见上文，处理后再运行一次 make。" \
      "Could not prepare the Python environment (the first time it needs the network); the reason stands above – then run make again."
  pwd >.setup/folder
  echo "$now" >"$stamp"
  # The developers' environment is also the app's.
  [[ $1 == app ]] || echo "$now" >.setup/app.stamp
}

# ---- What only shows once Python is there ----------------------------------

printing_works() {
  [[ -f .setup/printing.stamp ]] && return
  .venv/bin/python -c 'import weasyprint' 2>/dev/null ||
    fail "缺少排版组件 Pango，请按 README.zh-CN.md 的“其他系统”一节安装，然后再运行一次 make。" \
      "Pango, which typesets the lists, is missing; install it as README.md says under 'Other systems' – then run make again."
  if has fc-list && [[ -z $(fc-list :lang=zh-cn family) ]]; then
    fail "缺少中文字体，请按 README.zh-CN.md 的“其他系统”一节安装，然后再运行一次 make。" \
      "No Chinese font is installed; install one as README.md says under 'Other systems' – then run make again."
  fi
  touch .setup/printing.stamp
}

test_tools() {
  if ! chromium_here; then
    local fetch=(env "PLAYWRIGHT_BROWSERS_PATH=$PWD/.setup/browsers" .venv/bin/playwright install --no-shell --with-deps chromium)
    local command advice
    command=$(printf '%q ' sudo "${fetch[@]}")
    advice=("缺少测试用的 Chromium 浏览器，请由管理员在本文件夹运行：${command}，然后再运行一次 make。"
      "Chromium, which the browser tests drive, is missing; have an administrator run here: ${command}– then run make again.")
    as_root true || fail "${advice[@]}"
    as_root "${fetch[@]}" >&2 || fail "${advice[@]}"
  fi
  postgres_here || fail "缺少 PostgreSQL 服务器程序（测试用），请按 README.zh-CN.md 的“其他系统”一节安装，然后再运行一次 make。" \
    "The PostgreSQL server programs, which the tests start, are missing; install them as README.md says under 'Other systems' – then run make again."
}

mkdir -p .setup
case $mode in
app)
  system_packages
  environment app
  printing_works
  ;;
lint)
  system_packages
  environment dev
  ;;
test)
  system_packages
  environment dev
  printing_works
  test_tools
  ;;
esac
