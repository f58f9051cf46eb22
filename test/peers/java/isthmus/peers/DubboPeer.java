package isthmus.peers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.apache.dubbo.common.Version;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/**
 * A Dubbo application that does as it is told over HTTP: `/order?name=value` in, text out, 500 with
 * the exception where Dubbo throws one. It uses only what versions 2.7 and 3 share; what differs
 * between them comes as system properties.
 */
public final class DubboPeer {
  private static final int CALL_WITHIN_MS = 10_000;

  private final String host;
  private final RegistryConfig registry;
  private final Map<String, ServiceConfig<Greeter>> services = new ConcurrentHashMap<>();
  private final Map<String, Greeter> references = new ConcurrentHashMap<>();

  private DubboPeer(String host, String registry) {
    this.host = host;
    this.registry = new RegistryConfig(registry);
  }

  /** Port for orders, the machine's own address, and the registry (or `N/A`). */
  public static void main(String[] args) throws IOException {
    DubboPeer peer = new DubboPeer(args[1], args[2]);
    InetAddress loopback = InetAddress.getLoopbackAddress();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(loopback, Integer.parseInt(args[0])), 0);
    server.createContext("/", peer::answer);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    int status = 200;
    String text;
    try {
      text = obey(exchange.getRequestURI().getPath(), parameters(exchange));
    } catch (Throwable thrown) {
      status = 500;
      text = thrown.toString();
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private String obey(String order, Map<String, String> given) {
    switch (order) {
      case "/version":
        return Version.getVersion();
      case "/serve":
        return serve(given);
      case "/start":
        DubboBootstrap.getInstance().registry(registry).start();
        return "";
      case "/withdraw":
        services.get(given.get("as")).unexport();
        return "";
      case "/refer":
        return refer(given);
      case "/call":
        return references.get(given.get("as")).greet(given.get("caller"));
      default:
        throw new IllegalArgumentException(order);
    }
  }

  /** Provided from the start on: `as` is what it answers with. */
  private String serve(Map<String, String> given) {
    ProtocolConfig protocol =
        new ProtocolConfig(given.get("protocol"), Integer.parseInt(given.get("port")));
    protocol.setHost(host);
    protocol.setId(given.get("as"));
    String as = given.get("as");
    ServiceConfig<Greeter> service = new ServiceConfig<>();
    service.setInterface(Greeter.class);
    service.setRef(caller -> as + " greets " + caller);
    service.setGroup(given.get("group"));
    service.setVersion(given.get("version"));
    service.setProtocol(protocol);
    service.setRegistry(registry);
    DubboBootstrap.getInstance().service(service);
    services.put(as, service);
    return "";
  }

  private String refer(Map<String, String> given) {
    ReferenceConfig<Greeter> reference = new ReferenceConfig<>();
    reference.setInterface(Greeter.class);
    reference.setGroup(given.get("group"));
    reference.setVersion(given.get("version"));
    reference.setProtocol(given.get("protocol"));
    reference.setRegistry(registry);
    reference.setUrl(given.get("url"));
    reference.setCheck(false);
    reference.setTimeout(CALL_WITHIN_MS);
    reference.setRetries(0);
    references.put(given.get("as"), reference.get());
    return "";
  }

  private static Map<String, String> parameters(HttpExchange exchange) {
    String query = exchange.getRequestURI().getRawQuery();
    if (query == null) return Map.of();
    return Arrays.stream(query.split("&"))
        .map(part -> part.split("=", 2))
        .filter(part -> part.length == 2)
        .collect(
            Collectors.toMap(
                part -> part[0], part -> URLDecoder.decode(part[1], StandardCharsets.UTF_8)));
  }
}
