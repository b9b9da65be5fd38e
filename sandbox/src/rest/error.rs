//! Error responses as Discord's REST API words them: `{"code", "message"}`, and 50035 with a tree of fields.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub status: StatusCode,
    pub body: Value,
    /// Set where no route fits, for the inspector.
    pub unknown_route: bool,
}

macro_rules! known_errors {
    ($($name:ident = $status:ident, $code:literal, $message:literal;)*) => {
        impl ApiError {
            $(
                #[doc = $message]
                pub(crate) fn $name() -> Self {
                    Self::new(StatusCode::$status, $code, $message)
                }
            )*

            /// The first with this code.
            pub(crate) fn of_code(code: u32) -> Option<Self> {
                let all: &[(u32, fn() -> Self)] = &[$(($code, Self::$name),)*];
                let (_, make) = all.iter().find(|(known, _)| *known == code && code != 0)?;
                Some(make())
            }
        }
    };
}

known_errors! {
    unauthorized = UNAUTHORIZED, 0, "401: Unauthorized";
    unknown_route_error = NOT_FOUND, 0, "404: Not Found";
    method_not_allowed = METHOD_NOT_ALLOWED, 0, "405: Method Not Allowed";
    unknown_channel = NOT_FOUND, 10003, "Unknown Channel";
    unknown_guild = NOT_FOUND, 10004, "Unknown Guild";
    unknown_member = NOT_FOUND, 10007, "Unknown Member";
    unknown_message = NOT_FOUND, 10008, "Unknown Message";
    unknown_role = NOT_FOUND, 10011, "Unknown Role";
    unknown_user = NOT_FOUND, 10013, "Unknown User";
    unknown_emoji = BAD_REQUEST, 10014, "Unknown Emoji";
    unknown_webhook = NOT_FOUND, 10015, "Unknown Webhook";
    unknown_ban = NOT_FOUND, 10026, "Unknown Ban";
    unknown_interaction = NOT_FOUND, 10062, "Unknown interaction";
    unknown_command = NOT_FOUND, 10063, "Unknown application command";
    too_many_pins = BAD_REQUEST, 30003, "Maximum number of pins reached for the channel (250)";
    too_many_roles = BAD_REQUEST, 30005, "Maximum number of server roles reached (250)";
    too_many_reactions = BAD_REQUEST, 30010, "Maximum number of reactions reached (20)";
    too_many_commands = BAD_REQUEST, 30032, "Maximum number of application commands reached (100).";
    too_many_creates = BAD_REQUEST, 30034, "Max number of daily application command creates has been reached (200)";
    already_acknowledged = BAD_REQUEST, 40060, "Interaction has already been acknowledged.";
    missing_access = FORBIDDEN, 50001, "Missing Access";
    not_in_direct_messages = FORBIDDEN, 50003, "Cannot execute action on a DM channel";
    not_the_author = FORBIDDEN, 50005, "Cannot edit a message authored by another user";
    empty_message = BAD_REQUEST, 50006, "Cannot send an empty message";
    cannot_message_user = FORBIDDEN, 50007, "Cannot send messages to this user";
    missing_permissions = FORBIDDEN, 50013, "Missing Permissions";
    wrong_number_to_delete = BAD_REQUEST, 50016,
        "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete";
    invalid_webhook_token = UNAUTHORIZED, 50027, "Invalid Webhook Token";
    wrong_channel_type = BAD_REQUEST, 50024, "Cannot execute action on this channel type";
    thread_archived = BAD_REQUEST, 50083, "Thread is archived";
    thread_locked = FORBIDDEN, 160005, "Thread is locked";
    thread_exists = BAD_REQUEST, 160004, "A thread has already been created for this message";
    too_many_in_thread = BAD_REQUEST, 30033, "Maximum number of thread participants has been reached (1000)";
    too_many_pinned_posts = BAD_REQUEST, 30047, "Maximum number of pinned threads in a forum channel has been reached";
    tag_required = BAD_REQUEST, 40067, "A tag is required to create a forum post in this channel";
    unknown_tag = NOT_FOUND, 10087, "Unknown Tag";
    no_text_channel = BAD_REQUEST, 50008, "Cannot send messages in a non-text channel";
    cannot_send_in_forum = BAD_REQUEST, 40058, "Cannot send a message in a forum channel";
    too_many_webhooks = BAD_REQUEST, 30007, "Maximum number of webhooks reached (15)";
    already_crossposted = BAD_REQUEST, 40033, "This message has already been crossposted.";
    thread_name_or_id = BAD_REQUEST, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id";
    thread_name_and_id = BAD_REQUEST, 220002, "Webhooks posted to forum channels cannot have both a thread_name and thread_id";
    threads_in_forums_only = BAD_REQUEST, 220003, "Webhooks can only create threads in forum channels";
    no_services_in_forums = BAD_REQUEST, 220004, "Webhook services cannot be used in forum channels";
    too_large = PAYLOAD_TOO_LARGE, 40005, "Request entity too large";
    unknown_command_permissions = NOT_FOUND, 10066, "Unknown application command permissions";
    not_for_bots = FORBIDDEN, 20001, "Bots cannot use this endpoint";
    unknown_app_emoji = NOT_FOUND, 10014, "Unknown Emoji";
    unknown_sku = NOT_FOUND, 10027, "Unknown SKU";
    unknown_entitlement = NOT_FOUND, 10029, "Unknown Entitlement";
    unknown_subscription = NOT_FOUND, 10100, "Unknown Subscription";
    too_many_emojis = BAD_REQUEST, 30008, "Maximum number of emojis reached (2000)";
    not_consumable = BAD_REQUEST, 40018, "Only consumable SKUs can be consumed";
    owns_guild = BAD_REQUEST, 50055, "Invalid Guild";
    cannot_edit_poll = BAD_REQUEST, 520003, "Cannot edit a poll message";
    no_poll_to_expire = BAD_REQUEST, 520006, "Cannot expire a non-poll message";
    poll_expired = BAD_REQUEST, 520001, "Poll expired";
    on_a_system_message = FORBIDDEN, 50021, "Cannot execute action on a system message";
    cannot_edit_voice = BAD_REQUEST, 50162, "Voice messages cannot be edited.";
    voice_with_content = BAD_REQUEST, 50159, "Voice messages do not support additional content.";
    voice_needs_audio = BAD_REQUEST, 50160, "Voice messages must have a single audio attachment.";
    voice_needs_metadata = BAD_REQUEST, 50161, "Voice messages must have supporting metadata.";
    no_voice_here = FORBIDDEN, 50173, "You cannot send voice messages in this channel.";
    too_old_to_delete = BAD_REQUEST, 50034, "You can only bulk delete messages that are under 14 days old.";
    no_mutual_guilds = FORBIDDEN, 50278, "Cannot send messages to this user due to having no mutual guilds";
    cannot_reply = BAD_REQUEST, 160002, "Cannot reply without permission to read message history";
    cannot_forward = BAD_REQUEST, 50068, "Invalid message type";
    cannot_reference = BAD_REQUEST, 160009, "Cannot reference a message without permission to read message history";
    cannot_reference_nsfw = BAD_REQUEST, 160010, "NSFW channel message reference not allowed";
    forward_with_content = BAD_REQUEST, 160011, "Forward messages cannot have additional content";
    cannot_forward_unread = BAD_REQUEST, 160014, "You cannot forward a message whose content you cannot read.";
    no_such_emoji = NOT_FOUND, 10014, "Unknown Emoji";
    unknown_integration = NOT_FOUND, 10005, "Unknown Integration";
    unknown_invite = NOT_FOUND, 10006, "Unknown Invite";
    unknown_overwrite = NOT_FOUND, 10009, "Unknown Permission Overwrite";
    unknown_template = NOT_FOUND, 10057, "Unknown Guild Template";
    unknown_sticker = NOT_FOUND, 10060, "Unknown Sticker";
    unknown_sticker_pack = NOT_FOUND, 10061, "Unknown Sticker Pack";
    unknown_voice_state = NOT_FOUND, 10065, "Unknown Voice State";
    unknown_stage = NOT_FOUND, 10067, "Unknown Stage Instance";
    unknown_welcome_screen = NOT_FOUND, 10069, "Unknown Guild Welcome Screen";
    unknown_event = NOT_FOUND, 10070, "Unknown Guild Scheduled Event";
    unknown_rule = NOT_FOUND, 10090, "Unknown Auto Moderation Rule";
    unknown_sound = NOT_FOUND, 10097, "Unknown Sound";
    too_many_guild_emojis = BAD_REQUEST, 30008, "Maximum number of emojis reached (50)";
    too_many_channels = BAD_REQUEST, 30013, "Maximum number of server channels reached (500)";
    too_many_invites = BAD_REQUEST, 30016, "Maximum number of invites reached (1000)";
    too_many_animated_emojis = BAD_REQUEST, 30018, "Maximum number of animated emojis reached (50)";
    has_a_template = BAD_REQUEST, 30031, "Guild already has a template";
    too_many_events = BAD_REQUEST, 30038, "Maximum number of uncompleted guild scheduled events reached (100)";
    too_many_stickers = BAD_REQUEST, 30039, "Maximum number of stickers reached (5)";
    too_many_sounds = BAD_REQUEST, 30045, "Maximum number of soundboard sounds reached (8)";
    one_parent_at_a_time = BAD_REQUEST, 40009, "Only one channel can have a parent_id modified at a time";
    not_in_voice = BAD_REQUEST, 40032, "Target user is not connected to voice.";
    tag_names_must_differ = BAD_REQUEST, 40061, "Tag names must be unique";
    widget_disabled = FORBIDDEN, 50004, "Widget Disabled";
    invalid_access_token = BAD_REQUEST, 50025, "Invalid OAuth2 access token";
    asset_too_large = BAD_REQUEST, 50045, "File uploaded exceeds the maximum size";
    invalid_asset = BAD_REQUEST, 50046, "Invalid Asset";
    invalid_sticker = BAD_REQUEST, 50081, "Invalid sticker sent";
    needed_by_community = BAD_REQUEST, 50074, "Cannot delete a channel required for Community guilds";
    invalid_file_type = BAD_REQUEST, 50123, "The provided file type is invalid.";
    stage_is_open = BAD_REQUEST, 150006, "The Stage is already open";
    event_is_finished = BAD_REQUEST, 180000, "Cannot update a finished event";
    onboarding_requirements = BAD_REQUEST, 350000, "Cannot enable onboarding, requirements are not met";
    invalid_role = BAD_REQUEST, 50028, "Invalid Role";
    needs_boosts = FORBIDDEN, 50101, "This server needs more boosts to perform this action";
    failed_to_ban = BAD_REQUEST, 500000, "Failed to ban users";
    invalid_json = BAD_REQUEST, 50109, "The request body contains invalid JSON.";
}

impl ApiError {
    /// Any error of the plain kind.
    pub(crate) fn new(status: StatusCode, code: u32, message: &str) -> Self {
        Self {
            status,
            body: json!({"message": message, "code": code}),
            unknown_route: false,
        }
    }

    /// An error of the token endpoints: <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>.
    pub(crate) fn oauth(error: &str, description: Option<&str>) -> Self {
        let mut body = json!({"error": error});
        if let Some(description) = description {
            body["error_description"] = json!(description);
        }
        Self {
            status: StatusCode::BAD_REQUEST,
            body,
            unknown_route: false,
        }
    }

    /// No such route; noted by the inspector.
    pub(crate) fn unknown_route() -> Self {
        Self {
            unknown_route: true,
            ..Self::unknown_route_error()
        }
    }

    /// 50035 about one field; see [`FormErrors::add`].
    pub(crate) fn form(path: &str, code: &str, message: impl Into<String>) -> Self {
        let mut errors = FormErrors::default();
        errors.add(path, code, message);
        errors.into_error()
    }
}

/// Collects what is wrong with a body, so that all is told at once.
#[derive(Debug, Default)]
pub(crate) struct FormErrors {
    tree: Map<String, Value>,
    count: usize,
}

impl FormErrors {
    /// Notes an error of the field at `path` (`embeds.0.title`; the whole body is the empty path).
    pub(crate) fn add(&mut self, path: &str, code: &str, message: impl Into<String>) {
        let mut node = &mut self.tree;
        for key in path.split('.').filter(|key| !key.is_empty()) {
            let child = node.entry(key).or_insert_with(|| json!({}));
            let Value::Object(inner) = child else { return };
            node = inner;
        }
        let list = node.entry("_errors").or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(json!({"code": code, "message": message.into()}));
            self.count += 1;
        }
    }

    /// A required field that is not there.
    pub(crate) fn required(&mut self, path: &str) {
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    /// A text, number or list that is outside its bounds.
    pub(crate) fn length(&mut self, path: &str, actual: usize, min: usize, max: usize) {
        if (min..=max).contains(&actual) {
            return;
        }
        if min > 0 {
            let text = format!("Must be between {min} and {max} in length.");
            self.add(path, "BASE_TYPE_BAD_LENGTH", text);
        } else {
            let text = format!("Must be {max} or fewer in length.");
            self.add(path, "BASE_TYPE_MAX_LENGTH", text);
        }
    }

    /// A number that is outside its bounds.
    pub(crate) fn range(&mut self, path: &str, actual: i64, min: i64, max: i64) {
        if actual < min {
            let text = format!("int value should be greater than or equal to {min}.");
            self.add(path, "NUMBER_TYPE_MIN", text);
        } else if actual > max {
            let text = format!("int value should be less than or equal to {max}.");
            self.add(path, "NUMBER_TYPE_MAX", text);
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    /// How many errors were noted.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The answer, if something is wrong.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.into_error())
        }
    }

    fn into_error(mut self) -> ApiError {
        let mut error = ApiError::new(StatusCode::BAD_REQUEST, 50035, "Invalid Form Body");
        settle(&mut self.tree);
        error.body["errors"] = Value::Object(self.tree);
        error
    }
}

/// A field that is wrong itself says nothing of what lies in it, as Discord has it.
fn settle(node: &mut Map<String, Value>) {
    if let Some(own) = node.remove("_errors") {
        node.clear();
        node.insert("_errors".to_owned(), own);
    }
    for inner in node.values_mut().filter_map(Value::as_object_mut) {
        settle(inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_nest() {
        let mut errors = FormErrors::default();
        errors.length("embeds.0.title", 300, 0, 256);
        errors.required("name");
        let error = errors.check().unwrap_err();
        assert_eq!(
            error.body,
            json!({"code": 50035, "message": "Invalid Form Body", "errors": {
                "embeds": {"0": {"title": {"_errors": [
                    {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 256 or fewer in length."}]}}},
                "name": {"_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "This field is required"}]}}})
        );
    }
}
