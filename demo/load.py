"""`python -m demo.load BASE_URL` loads the sample provider into a running service, such as that of `make serve`."""

import sys

from demo.fields import BadProviderError
from demo.loading import load_provider
from demo.provider import load
from demo.service import Service, ServiceError
from demo.show import make_console, progress


def main(arguments: list[str]) -> int:
    """Load `demo/provider.yaml`; repeating it within the week for which keys are kept changes nothing."""
    console = make_console()
    if len(arguments) != 1:
        console.print("usage: python -m demo.load BASE_URL", markup=False)
        return 2
    try:
        provider = load()
        service = Service(base_url=arguments[0], invoke=_no_functions)
        with progress(console, "Loading", len(provider.packages) + len(provider.customers)) as advance:
            load_provider(service, provider, advance)
    except (BadProviderError, ServiceError) as error:
        console.print(f"Not loaded: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    console.print(f"Loaded {len(provider.packages)} packages and {len(provider.customers)} customers.")
    return 0


def _no_functions(name: str, _event: object) -> None:
    raise ServiceError(f"{name} can't be invoked over HTTP")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
